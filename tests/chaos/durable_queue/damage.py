"""Places of the queue's files are damaged while the program is stopped (F3 from outside)."""

import shutil
import time
from pathlib import Path

from lab import Lab
from program import Settings
from verdict import ensure

REQUESTS = 400
ITEMS = 20
# A damaged place costs the batches it lies in: of a flipped bit one, of a block or a cut two (its end and the next one's begin).
BATCHES_OF = {"flip": 1, "zero": 2, "cut": None, "remove": None, "garbage": 0}
BLOCK = 512
PATIENCE = 20
# Far below the grace time, seconds: with an empty queue it ends at once.
AT_ONCE = 5


def run(lab: Lab) -> str:
    ports = lab.ports()
    # One request at a time, as it came in: the order of arrival is then that of the queue.
    settings = Settings(queue={"queue_size": 1 << 30, "num_consumers": 1})
    program = lab.program(settings, ports)
    loader = lab.loader(ports, items=ITEMS, connections=1, in_flight=1)
    whole = fill(lab, program, loader)
    acked = loader.status()["acked"]
    places = list(chosen(lab, whole))
    lost = exact = 0
    for kind, path, place in places:
        shutil.rmtree(program.storage)
        shutil.copytree(whole, program.storage)
        damage(program.storage / path, kind, place)
        missing, told = outcome(lab, program, loader, kind, f"{kind} at {place} of {path.name}")
        lost, exact = lost + missing, exact + (missing == told and missing > 0)
    return (f"{len(places)} damaged places in a queue of {acked:,} items: every start ready, no panic, the rest in order; "
            f"{lost:,} items lost in all, {exact} times counted to the item")


def fill(lab: Lab, program, loader) -> Path:
    """A queue of two files or more, from two lives of the program; a copy of its folder."""
    loader.tell("sink away")
    for _ in range(2):
        program.start_ready()
        target = loader.status()["acked"] + REQUESTS * ITEMS // 2
        loader.tell("start 0")
        while loader.status()["acked"] < target:
            time.sleep(0.005)
        loader.tell("stop")
        program.kill()
    whole = lab.folder / "whole"
    shutil.copytree(program.storage, whole)
    loader.tell("sink take")
    return whole


def chosen(lab: Lab, whole: Path):
    """What is done to which file, where."""
    files = sorted(path for path in whole.rglob("*.wal"))
    ensure(len(files) > 1, f"the queue has {len(files)} files")
    rounds = 40 if lab.long else 4
    for file in files[:1] + files[-1:] if lab.plant is None else files[:1]:
        size, name = file.stat().st_size, file.relative_to(whole)
        for kind in ("flip", "zero", "cut"):
            yield kind, name, 0
            for _ in range(rounds):
                yield kind, name, lab.dice.randrange(size)
        yield "cut", name, size - 1
        yield "garbage", name, size
        yield "remove", name, 0


def damage(path: Path, kind: str, place: int) -> None:
    if kind == "remove":
        path.unlink()
        return
    with path.open("r+b") as file:
        if kind == "cut":
            file.truncate(place)
        elif kind == "garbage":
            file.seek(place)
            file.write(b"\xa5" * 3000)
        elif kind == "zero":
            file.seek(place - place % BLOCK)
            file.write(bytes(BLOCK))
        else:
            file.seek(place)
            byte = file.read(1)
            file.seek(place)
            file.write(bytes([byte[0] ^ 0x10]))


def outcome(lab: Lab, program, loader, kind: str, what: str) -> tuple[int, int]:
    """Items that are missing, and how many the program says it has lost."""
    loader.tell("forget arrivals")
    loader.tell("lap")
    program.start_ready()
    check = drained(program, loader)
    told = program.metric("sidelight_exporter_dropped_items", exporter="otlp_grpc", reason="damaged")
    skipped = program.metric("sidelight_queue_damaged_bytes", exporter="otlp_grpc")
    began = time.monotonic()
    code = program.terminate()
    took = time.monotonic() - began
    missing = check["lost"]
    if lab.plant == "hide":
        told = skipped = 0
    ensure(code == 0, f"{what}: exit {code}: {program.last_words()}")
    ensure(took < AT_ONCE, f"{what}: with nothing left to deliver it took {took:.1f} s to end")
    ensure(check["changed"] == 0 and check["never_sent"] == 0 and check["malformed"] == 0, f"{what}: items were changed: {check}")
    ensure(check["displaced"] == 0, f"{what}: not in order, an item came {check['displaced']} late")
    batches = BATCHES_OF[kind]
    ensure(batches is None or missing <= batches * ITEMS, f"{what}: {missing} items are missing, {batches} batches were touched")
    ensure(told <= missing, f"{what}: {told:.0f} items counted as lost, {missing} are missing")
    noticed = told > 0 or skipped > 0 or kind in ("cut", "remove")
    ensure(missing == 0 or noticed, f"{what}: {missing} items are missing and no metric says so")
    return missing, int(told)


def drained(program, loader) -> dict:
    """Until nothing is queued and nothing more arrives."""
    end = time.monotonic() + PATIENCE
    while True:
        row, before = program.ledger_row(), loader.status()["distinct"]
        if not row.get("queued", 0) and loader.status()["distinct"] == before:
            check = loader.tell("check")
            if check["lost"] == 0 or not program.ledger_row().get("queued", 0):
                return check
        ensure(time.monotonic() < end, f"not drained: {row}")
        time.sleep(0.02)
