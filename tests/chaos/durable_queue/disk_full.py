"""The disk of the queue is full (F4): a tmpfs of 8 MiB."""

import os
import subprocess
import time
from pathlib import Path

from lab import Lab
from verdict import Failed, LeftOut, ensure, ledger_agrees, nothing_lost

SIZE = 8 << 20
RATE = 20_000
# In the long run a refusal must come within so many milliseconds, and work go on so many seconds after there is room.
REFUSED_MS = 100
RESUMED_S = 1
PATIENCE = 20
# Until what was delivered is entered in the log, seconds; 5 ms are promised.
ENTERED = 0.3


def run(lab: Lab) -> str:
    ports = lab.ports()
    program = lab.program(ports=ports)
    # Never refused for want of quota: the disk is what ends first.
    program.settings.queue = {"queue_size": 1 << 30}
    mount(lab, program.storage)
    filler = program.storage / "filler"
    filler.write_bytes(b"x" * (3 << 20))
    loader = lab.loader(ports, items=20)
    program.start_ready()
    loader.tell("sink away")
    loader.tell(f"start {RATE}")
    refused = until(loader, lambda status: answered_refusals(status) > 50, "nothing is refused though the disk is full")
    time.sleep(2)
    full = loader.tell("lap")
    program.kill()
    started = program.start_ready()  # on the full disk
    resumed = with_room(loader, filler, lab.plant)
    loader.tell("sink lose 50" if lab.plant == "lose" else "sink take")
    drained = until(loader, lambda status: status["acked"] - status["distinct"] < 5_000, "the queue is not drained")
    time.sleep(1)
    loader.tell("stop")
    check = loader.settle(20)
    ensure(program.alive(), f"the program ended: {program.last_words()}")
    nothing_lost(check)
    agreed = ledger_agrees(program, check)
    time.sleep(ENTERED)
    program.kill()
    program.start_ready()
    time.sleep(1)
    again = loader.status()["duplicates"] - check["duplicates"]
    ensure(again == 0, f"{again:,} of {check['distinct']:,} items that were delivered from a full disk came again after a kill")
    retryable(full["refusals"]["by"])
    worst = full["refusals"]["ms"]
    ensure(not lab.long or worst["max"] <= REFUSED_MS, f"a refusal took {worst['max']:.0f} ms")
    ensure(not lab.long or resumed <= RESUMED_S, f"work went on {resumed:.1f} s after there was room")
    return (f"full after {refused:.1f} s: {worst['count']:,} refusals, p50 {worst['p50']:.1f} p99 {worst['p99']:.1f} max {worst['max']:.0f} ms, "
            f"{', '.join(full['refusals']['by'])}; ready {started * 1e3:.0f} ms after a kill on the full disk; taken again {resumed:.2f} s after there was room, drained in {drained:.1f} s; "
            f"0 of {check['acked']:,} lost; {agreed}")


def mount(lab: Lab, folder: Path) -> None:
    if "CHAOS_OWN_MOUNTS" not in os.environ:
        raise LeftOut("needs root and mounts of its own (unshare -m)")
    folder.mkdir(mode=0o700)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=700", "tmpfs", folder], capture_output=True, text=True)
    if done.returncode:
        raise LeftOut(f"no tmpfs: {done.stderr.strip()}")
    lab.at_the_end(subprocess.run, ["umount", "--lazy", str(folder)])


def answered_refusals(status: dict) -> int:
    return status["refusals"]["ms"]["count"]


def with_room(loader, filler: Path, plant: str | None) -> float:
    """Makes room; seconds until something is acknowledged again."""
    before = loader.status()["acked"]
    if plant != "no room":
        filler.unlink()
    return until(loader, lambda status: status["acked"] > before + 1000, "nothing is taken although there is room")


def until(loader, done, why: str) -> float:
    began = time.monotonic()
    while True:
        status = loader.status()
        if done(status):
            return time.monotonic() - began
        if time.monotonic() - began > PATIENCE:
            raise Failed(f"{why} ({PATIENCE} s): {status['last_error']}; {status['acked']:,} acknowledged, {status['distinct']:,} arrived")
        time.sleep(0.01)


def retryable(kinds: dict[str, int]) -> None:
    """UNAVAILABLE, or RESOURCE_EXHAUSTED with RetryInfo: everything else makes an SDK drop its data."""
    wrong = [kind for kind in kinds if not kind.startswith("grpc 14") and kind != "grpc 8, retry info"]
    ensure(not wrong, f"refused for good, or not answered: {kinds}")
