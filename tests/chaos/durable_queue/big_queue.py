"""Started with a big queue behind it (F7): by bytes, and by items."""

import time

from lab import Lab
from verdict import ensure, ledger_agrees, nothing_lost

# More memory than an empty start, MiB; start to ready, seconds, in the long run.
MORE_MIB = 64
READY_MAX = 2
# How long after it is ready memory is looked at: by then it reads ahead what it may.
SETTLED = 2
PATIENCE = 900


def run(lab: Lab) -> str:
    if lab.long:
        cases = [("1 GiB", {"items": 1000}, 1 << 30, None), ("10 million items", {"items": 20, "attributes": 0}, None, 10_000_000)]
    else:
        cases = [("128 MiB", {"items": 1000}, 128 << 20, None), ("1 million items", {"items": 20, "attributes": 0}, None, 1_000_000)]
    if lab.plant:
        cases = cases[1:]
    return "; ".join(case(lab, *one) for one in cases)


def case(lab: Lab, name: str, shape: dict, size: int | None, items: int | None) -> str:
    ports = lab.ports()
    program = lab.program(ports=ports, folder=name.replace(" ", "-"))
    loader = lab.loader(ports, requests=16, in_flight=32, timeout=30, **shape)
    loader.tell("sink away")
    empty_ready = program.start_ready()
    time.sleep(SETTLED)
    empty = program.rss_mib()
    loader.tell("start 0")
    fill(program, loader, size, items)
    loader.tell("stop")
    program.kill()
    if lab.plant == "remove":
        min(program.storage.rglob("*.wal")).unlink()
    on_disk = program.disk_bytes() / (1 << 20)
    ready = program.start_ready()
    time.sleep(SETTLED)
    more = program.rss_mib() - empty
    loader.tell("sink take")
    check = loader.settle(PATIENCE if lab.long else 60)
    nothing_lost(check)
    agreed = ledger_agrees(program, check)
    program.terminate()
    loader.end()
    ensure(more <= MORE_MIB, f"{name} cost {more:.0f} MiB of memory at the start")
    ensure(not lab.long or ready <= READY_MAX, f"ready after {ready:.1f} s with {name}")
    return (f"{name} ({check['acked']:,} items, {on_disk:.0f} MiB on disk): ready in {ready * 1e3:.0f} ms (empty {empty_ready * 1e3:.0f}), "
            f"{more:+.0f} MiB over an empty start, 0 lost, {agreed}")


def fill(program, loader, size: int | None, items: int | None) -> None:
    end = time.monotonic() + PATIENCE
    while (size and program.disk_bytes() < size) or (items and loader.status()["acked"] < items):
        ensure(time.monotonic() < end, f"not filled in {PATIENCE} s: {loader.status()}")
        ensure(program.alive(), f"the program ended: {program.last_words()}")
        time.sleep(0.05)
