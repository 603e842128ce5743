"""The destination is away for long while data keeps coming (F6)."""

import os
import time

from lab import Lab
from program import Settings
from verdict import ensure, ledger_agrees, nothing_lost

RATE = 5_000
# How far memory may move between the start and the end of the outage, MiB.
FLAT_MIB = 32
# How much faster than it comes in the backlog must go out.
DRAIN_TIMES = 3
# A backlog of so many seconds of data is none: it is on its way.
ON_ITS_WAY = 0.5
# So many items may be overtaken: what is in memory (16 MiB) is tried in turn, and the request that finds the destination back may be the
# newest of it.
OVERTAKEN = 40_000
SAMPLE_EVERY = 0.25


def run(lab: Lab) -> str:
    seconds = float(os.environ.get("CHAOS_OUTAGE_S", 3600 if lab.long else 20))
    ports = lab.ports()
    # One request at a time: of several on their way together none is the first.
    # Room for all of it: about 560 bytes an item, and as much again.
    settings = Settings(queue={"queue_size": max(4 << 30, int(seconds * RATE * 1200)), "num_consumers": 1})
    program, loader = lab.program(settings, ports), lab.loader(ports)
    program.start_ready()
    loader.tell(f"start {RATE}")
    time.sleep(2)
    loader.tell("sink away")
    memory = sample(program, seconds)
    moved = max(abs(rss - memory[0]) for rss in memory)
    away = loader.tell("lap")
    backlog = away["acked"] - away["distinct"]
    on_disk = program.disk_bytes() / (1 << 20)
    loader.tell("sink lose 300" if lab.plant == "lose" else "sink take")
    drained, took = drain(loader, away["distinct"], 20 + seconds)
    order = loader.status()["displaced"]
    loader.tell("stop")
    check = loader.settle(30)
    nothing_lost(check)
    agreed = ledger_agrees(program, check)
    times = drained / took / RATE
    # A machine that has more to do may fall behind for a moment, and then it says so at the door.
    ensure(not lab.long or check["refused_requests"] == 0, f"{check['refused_requests']:,} requests were refused: {check['refusals']['by']}")
    ensure(moved <= FLAT_MIB, f"memory moved by {moved:.0f} MiB during the outage: {course(memory)}")
    ensure(times >= DRAIN_TIMES, f"drained at {times:.1f} × the input rate, {drained:,} items in {took:.1f} s")
    ensure(order <= OVERTAKEN, f"not oldest first: an item came {order:,} items late, of {backlog:,} that waited")
    return (f"{seconds:.0f} s away at {RATE:,} items/s: {backlog:,} waited ({on_disk:.0f} MiB on disk), memory {memory[0]:.0f} → "
            f"{memory[-1]:.0f} MiB, drained in {took:.1f} s at {times:.1f} × the input rate, oldest first but for {order:,}; "
            f"{check['refused_requests']:,} requests refused, 0 lost; {agreed}")


def sample(program, seconds: float) -> list[float]:
    memory, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        memory.append(program.rss_mib())
        ensure(program.alive(), f"the program ended: {program.last_words()}")
        time.sleep(SAMPLE_EVERY)
    return memory


def course(memory: list[float]) -> str:
    """Memory at ten moments, MiB."""
    return " ".join(f"{rss:.0f}" for rss in memory[:: max(1, len(memory) // 10)])


def drain(loader, before: int, limit: float) -> tuple[int, float]:
    """Until what waits is on its way; items that arrived, and seconds since the first of them."""
    first, end = None, time.monotonic() + limit
    while True:
        status = loader.status()
        now = time.monotonic()
        if first is None and status["distinct"] > before:
            first = now - 0.02
        if status["acked"] - status["distinct"] < RATE * ON_ITS_WAY:
            return status["distinct"] - before, now - (first or now - 0.02)
        ensure(now < end, f"not drained in {limit:.0f} s: {status['acked'] - status['distinct']:,} items still wait")
        time.sleep(0.02)
