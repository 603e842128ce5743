"""System calls on the queue's files fail (F5): `strace` makes the n-th call of each thread return an error."""

import os
import re
import shutil
import subprocess
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from lab import Lab
from loader import Loader
from program import Program, Settings
from verdict import Failed, LeftOut, ensure, ledger_agrees, nothing_lost

ERRORS = ["EIO", "ENOSPC", "EINTR"]
# On the queue's files alone: sockets are written with other calls.
CALLS = ["pwritev", "pwrite64", "fsync", "fdatasync", "unlink", "ftruncate", "fallocate", "rename"]
# A small queue has small files, so that many are made, grown and removed.
SETTINGS = {"queue": {"queue_size": 8 << 20}, "storage": {"flush_interval": "20ms", "timeout": "5s"}}
RATE = 3_000
LOAD_S = 0.8
# Of one core, while calls fail and nothing is to be done.
CPU_MAX = 0.05
AT_A_TIME = 3


@dataclass(frozen=True)
class Case:
    calls: tuple[str, ...]
    error: str
    when: str  # as strace has it: n, n+step, or n+ for ever
    sync: str
    away: bool  # the destination is away meanwhile

    def __str__(self) -> str:
        away = ", no destination" if self.away else ""
        return f"{'+'.join(self.calls)} {self.error} when={self.when} ({self.sync}{away})"


@dataclass
class Outcome:
    """What came of a case."""

    failed: Counter = field(default_factory=Counter)  # calls that were made to fail
    refused: bool = False  # the start ended with a message
    idle: float = 0  # CPU while broken and idle, of one core
    fault: str = ""


def run(lab: Lab) -> str:
    traceable()
    began = time.monotonic()
    cases = long_list(lab) if lab.long else short_list(lab)
    cases = cases[:4] if lab.plant else cases
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        outcomes = list(pool.map(lambda numbered: one(lab, *numbered), enumerate(cases)))
    broken_promises = [outcome.fault for outcome in outcomes if outcome.fault]
    ensure(not broken_promises, f"{len(broken_promises)} of {len(cases)} cases: " + "; ".join(broken_promises[:5]))
    faults = sum((outcome.failed for outcome in outcomes), Counter())
    refused = sum(outcome.refused for outcome in outcomes)
    idle = max(outcome.idle for outcome in outcomes)
    ensure(sum(faults.values()) > 0, "no call was made to fail")
    by_call = ", ".join(f"{call} {count}" for call, count in sorted(faults.items()))
    return (f"{len(cases)} cases, {sum(faults.values()):,} failed calls ({by_call}): 0 acknowledged lost, no panic, goes on; "
            f"{refused} starts ended with a message; CPU while broken and idle at most {idle:.1%}; {time.monotonic() - began:.0f} s")


def traceable() -> None:
    if not shutil.which("strace"):
        if os.geteuid() != 0 or subprocess.run(["apt-get", "-qq", "install", "-y", "strace"], capture_output=True).returncode:
            raise LeftOut("needs strace (for example apt-get install strace)")
    if subprocess.run(["strace", "-o", "/dev/null", "true"], capture_output=True).returncode:
        raise LeftOut("ptrace is not allowed here")


def short_list(lab: Lab) -> list[Case]:
    """The n-th of every call at once, the first ten and in all errors; files that cannot be opened; faults that stay."""
    cases = [Case(tuple(CALLS), error, f"{n}+{lab.dice.randrange(7, 23)}", "fsync" if n % 2 else "write", n % 3 == 0)
             for n in range(1, 11) for error in ERRORS]
    opens = openings(lab)
    cases += [Case(("openat",), ERRORS[i % 3], str(n), "write", i % 3 == 0) for i, n in enumerate(spread(opens, 10))]
    for sync in ("write", "fsync"):
        cases += [Case(calls, error, "9+", sync, away) for away in (False, True)
                  for calls, error in [(("pwritev",), "EIO"), (("fsync", "fdatasync"), "EIO"), (tuple(CALLS), "ENOSPC")]]
    return cases


def long_list(lab: Lab) -> list[Case]:
    opens = openings(lab)
    return [Case((call,), error, str(n), "fsync" if n % 2 else "write", n % 3 == 0)
            for call in [*CALLS, "openat"] for error in ERRORS for n in (opens if call == "openat" else range(1, 201))]


def spread(numbers: list[int], count: int) -> list[int]:
    return numbers[:: max(1, len(numbers) // count)][:count]


def openings(lab: Lab) -> list[int]:
    """Which openings of a thread are the queue's in a run without faults, and no other thread's of what a start needs."""
    trace = lab.folder / "openings.trace"
    program, loader = process(lab, "openings", Case((), "", "", "write", False))
    program.start_ready(["strace", "-D", "-f", "--seccomp-bpf", "-o", str(trace), "-e", "trace=openat"])
    loader.tell(f"start {RATE}")
    time.sleep(LOAD_S)
    loader.tell("stop")
    program.kill()
    loader.end()
    number, ours, others = Counter(), set(), set()
    for thread, path in re.findall(r'^(\d+) +openat\([^"]*"([^"]*)"', trace.read_text(errors="replace"), re.MULTILINE):
        number[thread] += 1
        if path.startswith(str(program.storage)):
            ours.add(number[thread])
        elif not path.startswith(("/proc", "/sys")):
            others.add(number[thread])
    ensure(ours - others, "the queue opens no file")
    return sorted(ours - others)[:200]


def process(lab: Lab, name: str, case: Case) -> tuple[Program, Loader]:
    ports = lab.ports()
    settings = Settings(queue=SETTINGS["queue"], storage={**SETTINGS["storage"], "sync": case.sync})
    return lab.program(settings, ports, name), lab.loader(ports, items=20, requests=16, in_flight=8)


def one(lab: Lab, number: int, case: Case) -> Outcome:
    """A life with faults, and one without in which everything must be there."""
    outcome = Outcome()
    program, loader = process(lab, f"case-{number}", case)
    trace = program.folder / "trace"
    inject = [word for call in case.calls for word in ("-e", f"inject={call}:error={case.error}:when={case.when}")]
    loader.tell("sink away" if case.away else "sink take")
    try:
        outcome.refused, outcome.idle = broken(program, loader, case, ["strace", "-D", "-f", "--seccomp-bpf", "-o", str(trace), "-e",
                                                       "trace=" + ",".join(case.calls), *inject])
        loader.tell("sink lose 500" if lab.plant == "lose" else "sink take")
        program.start_ready()
        loader.tell(f"start {RATE}")
        time.sleep(0.2)
        loader.tell("stop")
        check = loader.settle(20)
        nothing_lost(check)
        ledger_agrees(program, check)
        program.without_panic()
    except Failed as why:
        outcome.fault = f"{case}: {why} [case-{number}]"
    finally:
        program.end()
        loader.end()
    made = re.findall(r"^\d+ +(\w+)\(.*\(INJECTED\)$", trace.read_text(errors="replace"), re.MULTILINE)
    outcome.failed = Counter(made)
    return outcome


def errors(program) -> str:
    """What it said of its storage, in its last life."""
    return " ".join([line for line in program.said().splitlines() if "file_storage" in line][-1:]) or program.last_words()


def broken(program, loader, case: Case, before: list[str]) -> tuple[bool, float]:
    """A life with faults. A start may end with a message where a file of the folder cannot be opened; a program that runs goes on."""
    program.start(before)
    try:
        program.wait_ready(10)
    except Failed:
        ensure(case.calls == ("openat",) and program.exit_code() == 1, f"it did not start: {errors(program)}")
        return True, 0
    loader.tell(f"start {RATE}")
    time.sleep(LOAD_S)
    idle = 0
    if case.when.endswith("+"):
        loader.tell("stop")
        time.sleep(0.3)
        began, used = time.monotonic(), program.cpu_seconds()
        time.sleep(1)
        idle = (program.cpu_seconds() - used) / (time.monotonic() - began)
        ensure(idle <= CPU_MAX, f"{idle:.0%} of a core while broken and idle")
    ensure(program.alive(), f"the program ended with {program.exit_code()}: {program.last_words()}")
    program.kill()
    loader.tell("stop")
    return False, idle
