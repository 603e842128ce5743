"""Killed again and again under load, at random moments of its start and of its work (F1)."""

import time
from statistics import median

from lab import Lab
from verdict import ensure, ledger_agrees, nothing_lost

RATE = 20_000
# What may be sent twice after a kill: requests that were being answered, and ends that were not written yet. Those are
# told by when they arrived: 5 ms is what the program promises, the rest what a machine of two busy cores adds.
WINDOW_MS = 50
# Start to ready in the long run, seconds.
READY_MAX = 2


def run(lab: Lab) -> str:
    kills = 1000 if lab.long else 100
    if lab.plant:
        kills = 5
    ports = lab.ports()
    program, loader = lab.program(ports=ports), lab.loader(ports)
    loader.tell("sink fail 200")
    loader.tell(f"start {RATE}")
    ready, bound, worst, before = [], 0, 0, 0
    for kill in range(kills):
        took = live(lab, program)
        if took is not None:
            ready.append(took)
        bound += loader.tell(f"kill {program.pid} {WINDOW_MS}")["items_in_window"]
        program.wait()
        if lab.plant and kill == kills // 2:
            planted(lab, program, loader)
        duplicates = loader.status()["duplicates"]
        worst, before = max(worst, duplicates - before), duplicates
    ready.append(program.start_ready())
    loader.tell("stop")
    loader.tell("sink take")
    check = loader.settle(30)
    nothing_lost(check)
    agreed = ledger_agrees(program, check)
    ensure(check["duplicates"] <= bound, f"{check['duplicates']:,} duplicates, at most {bound:,} were on their way or not entered")
    ready.sort()
    slowest = ready[-1]
    ensure(not lab.long or slowest <= READY_MAX, f"ready after {slowest:.2f} s at worst, not {READY_MAX} s")
    return (f"{kills} kills, {check['acked']:,} acknowledged, 0 lost, 0 of {check['compared']:,} changed; "
            f"{check['duplicates'] / kills:,.0f} duplicates a kill (worst {worst:,}, bound {bound / kills:,.0f}); "
            f"ready p50 {median(ready) * 1e3:.0f} p99 {ready[int(len(ready) * 0.99)] * 1e3:.0f} max {slowest * 1e3:.0f} ms; {agreed}")


def live(lab: Lab, program) -> float | None:
    """Starts the program and lets it live for a random while; seconds until it was ready, where it came to that."""
    if lab.dice.random() < 0.2:  # dies in its start
        program.start()
        time.sleep(lab.dice.uniform(0, 0.15))
        return None
    took = program.start_ready()
    time.sleep(lab.dice.uniform(0.05, 0.5))
    return took


def planted(lab: Lab, program, loader) -> None:
    if lab.plant in ("lose", "mangle"):
        loader.tell(f"sink {lab.plant} 100")
    elif lab.plant == "remove":  # between two lives, what lies on the disk goes
        for path in program.storage.rglob("*"):
            if path.is_file():
                path.unlink()
