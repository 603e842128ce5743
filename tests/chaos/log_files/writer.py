"""Who writes the logs, and notes what was written: nobody kills it."""

import bisect
import os
import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from rotation import Rotation
from steps import Step

TICK = 0.01
ROTATE_EVERY = 1.0
LINE_BYTES = 206
# Lines of one call, as of a logger with a small buffer.
AT_ONCE = 20
HEAD = b"".join(b"# the same beginning of every file, line %04d\n" % number for number in range(90))


@dataclass
class Ledger:
    """What was written: lines of each file by their number, and when."""

    lines: int = 0
    last: dict[int, int] = field(default_factory=dict)
    # Number and time of each write, by file.
    times: dict[int, list[tuple[int, float]]] = field(default_factory=dict)
    # Beginning and end of each rotation.
    rotations: list[tuple[float, float]] = field(default_factory=list)

    def written_at(self, source: int, number: int) -> float:
        times = self.times[source]
        return times[bisect.bisect_left(times, (number, 0.0))][1]


class Source:
    """One log file and its writer, which opens it again some time after it was rotated."""

    def __init__(self, number: int, path: Path, same_head: bool):
        self.number, self.path, self.same_head = number, path, same_head
        self.next = 0
        self.reopen_at: float | None = None
        self.fd = self.open()

    def open(self) -> int:
        fd = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
        if self.same_head and os.fstat(fd).st_size == 0:
            os.write(fd, HEAD)
        return fd

    def write(self, count: int, ledger: Ledger) -> None:
        now = time.monotonic()
        if self.reopen_at is not None and now >= self.reopen_at:
            os.close(self.fd)
            self.fd, self.reopen_at = self.open(), None
        first, self.next = self.next, self.next + count
        for begin in range(first, self.next, AT_ONCE):
            numbers = range(begin, min(begin + AT_ONCE, self.next))
            lines = (f"{self.number:03} {number:09} ".ljust(LINE_BYTES - 1, "x") + "\n" for number in numbers)
            os.write(self.fd, "".join(lines).encode())
        ledger.times.setdefault(self.number, []).append((self.next - 1, now))
        ledger.last[self.number] = self.next
        ledger.lines += count


class Writer:
    def __init__(self, folder: Path, step: Step, dice: random.Random):
        self.step, self.dice = step, dice
        self.rotation = Rotation(folder, step)
        self.ledger = Ledger()
        self.sources = [Source(number, path, step.same_head) for number, path in enumerate(self.rotation.paths)]
        self.is_stopped = threading.Event()
        self.trouble: list[BaseException] = []
        self.threads = [threading.Thread(target=self._watched, args=(work,)) for work in (self._write, self._rotate)]

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def stop(self) -> Ledger:
        self.end()
        if self.trouble:
            raise self.trouble[0]
        return self.ledger

    def end(self) -> None:
        self.is_stopped.set()
        for thread in self.threads:
            if thread.is_alive():
                thread.join()

    def _watched(self, work) -> None:
        try:
            work()
        except BaseException as error:
            self.trouble.append(error)
            self.is_stopped.set()

    def _write(self) -> None:
        a_tick = self.step.rate * TICK / LINE_BYTES
        due, debt = time.monotonic(), 0.0
        while not self.is_stopped.is_set():
            debt += a_tick
            each = max(1, int(debt) // len(self.sources))
            for source in self.sources:
                if debt < 1:
                    break
                source.write(each, self.ledger)
                debt -= each
            self.dice.shuffle(self.sources)
            due += TICK
            if (wait := due - time.monotonic()) > 0:
                time.sleep(wait)
            else:
                due = time.monotonic()

    def _rotate(self) -> None:
        while not self.is_stopped.wait(ROTATE_EVERY):
            begin = time.monotonic()
            self.rotation.rotate()
            end = time.monotonic()
            self.ledger.rotations.append((begin, end))
            if self.rotation.reopens:
                # Not all writers notice at once.
                for source in self.sources:
                    source.reopen_at = end + self.dice.uniform(0, 0.05)
