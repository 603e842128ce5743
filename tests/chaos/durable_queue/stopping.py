"""Told to end while data comes in (F8): what is not delivered by then is there at the next start."""

import signal
import time

from lab import Lab
from verdict import ensure, ledger_agrees, nothing_lost

RATE = 20_000
# The time in which it must have ended, seconds: its grace and what a busy machine adds.
GRACE = 15
# A second signal ends it at once: seconds that a busy machine may make of it.
AT_ONCE = 2
ABORTED = 4


def run(lab: Lab) -> str:
    ports = lab.ports()
    program, loader = lab.program(ports=ports), lab.loader(ports)
    told = []
    for name, mood in [("a live sink", "take"), ("a failing one", "fail 500"), ("none", "away")]:
        loader.tell(f"sink {mood}")
        took = stopped(program, loader)
        told.append(f"{took:.2f} s with {name}")
    at_once = twice(program, loader)
    if lab.plant == "remove":
        for path in program.storage.rglob("*.wal"):
            path.unlink()
    program.start_ready()
    loader.tell("sink take")
    check = loader.settle(30)
    nothing_lost(check)
    agreed = ledger_agrees(program, check)
    return (f"exit 0 after {', '.join(told)}; exit {ABORTED} {at_once * 1e3:.0f} ms after a second signal; "
            f"{check['acked']:,} acknowledged, 0 lost over the next starts, {check['duplicates']:,} sent twice; {agreed}")


def stopped(program, loader) -> float:
    """Seconds from the signal to the end, under load."""
    program.start_ready()
    loader.tell(f"start {RATE}")
    time.sleep(1)
    began = time.monotonic()
    code = program.terminate(GRACE)
    took = time.monotonic() - began
    loader.tell("stop")
    ensure(code == 0, f"exit {code} after SIGTERM: {program.last_words()}")
    return took


def twice(program, loader) -> float:
    """A sink that answers nothing keeps it busy; seconds from the second signal to the end."""
    loader.tell("sink stall")
    program.start_ready()
    loader.tell(f"start {RATE}")
    time.sleep(0.5)
    program.signal(signal.SIGTERM)
    time.sleep(0.3)
    began = time.monotonic()
    if program.alive():  # what can be persisted need not wait for the sink
        program.signal(signal.SIGTERM)
    code = program.wait(AT_ONCE)
    took = time.monotonic() - began
    loader.tell("stop")
    ensure(code in (0, ABORTED), f"exit {code} after a second SIGTERM: {program.last_words()}")
    return took
