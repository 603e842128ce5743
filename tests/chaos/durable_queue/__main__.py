#!/usr/bin/env python3
"""Proves from outside that the durable queue loses nothing: each step is an experiment with its own processes and account.

    tests/chaos/run.sh target/quick/sidelight                      # the gate: all steps, some minutes
    tests/chaos/run.sh target/quick/sidelight --only kills --seed 7  # one step, as a seed made it
    tests/chaos/run.sh target/quick/sidelight --planted              # does each check see a fault that is put there?
"""

import argparse
import importlib
import random
import sys
import time
from pathlib import Path

from lab import Lab
from program import KINDS
from verdict import Failed, LeftOut

# Name, module, and the faults that can be planted, each with words of the complaint that must follow.
STEPS = [
    ("kills", "kill_loop", {"lose": "items were lost", "mangle": "items were changed", "remove": "items were lost"}),
    ("outage", "outage", {"lose": "items still wait"}),
    ("calls", "failing_calls", {"lose": "items were lost"}),
    ("full", "disk_full", {"lose": "items were lost", "no room": "although there is room"}),
    ("damage", "damage", {"hide": "no metric says so"}),
    ("big", "big_queue", {"remove": "items were lost"}),
    ("lock", "locking", {"apart": "was let in", "open": "is 644"}),
    ("stopping", "stopping", {"remove": "items were lost"}),
]


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path, help="the program under test")
    parser.add_argument("--long", action="store_true", help="the whole of every step: hours")
    parser.add_argument("--only", help="steps, as in kills,outage: " + ", ".join(step for step, _, _ in STEPS))
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of everything that is random")
    parser.add_argument("--planted", action="store_true", help="put a fault into each step: it must fail")
    parser.add_argument("--against", choices=KINDS, default="durable", help="how the program under test is configured")
    return parser.parse_args()


def chosen(names: str | None) -> list[tuple[str, str, dict[str, str]]]:
    known = {step[0]: step for step in STEPS}
    wanted = names.split(",") if names else list(known)
    if unknown := set(wanted) - set(known):
        raise SystemExit(f"unknown step {', '.join(sorted(unknown))}; there are {', '.join(known)}")
    return [known[name] for name in wanted]


def experiment(args: argparse.Namespace, step: str, module: str, plant: str | None, complaint: str = "") -> tuple[str, str]:
    """Runs a step; the verdict and the figures. A step with a fault in it passes when it complains of that fault."""
    lab = Lab(step, KINDS[args.against], args.binary.resolve(), args.seed, args.long, plant)
    try:
        figures = importlib.import_module(module).run(lab)
        lab.without_panic()
        verdict = "ok"
    except LeftOut as why:
        verdict, figures = "left out", str(why)
    except Failed as why:
        verdict, figures = "FAILED", str(why)
    finally:
        lab.end()
    if plant and verdict != "left out":
        verdict = "found" if verdict == "FAILED" and complaint in figures else "FAILED"
    if verdict == "FAILED":
        figures += f" [{lab.folder}]"
    else:
        lab.remove()
    return verdict, figures


def main() -> int:
    args = arguments()
    print(f"seed {args.seed}")
    table = []
    for step, module, plants in chosen(args.only):
        for plant, complaint in plants.items() if args.planted else [(None, "")]:
            name = f"{step}, planted: {plant}" if plant else step
            started = time.monotonic()
            verdict, figures = experiment(args, step, module, plant, complaint)
            table.append((name, verdict, figures, time.monotonic() - started))
            print(f"--- {name}: {verdict}, {table[-1][3]:.0f} s: {figures}")
    width = max(len(name) for name, *_ in table)
    print()
    for name, verdict, figures, seconds in table:
        print(f"{name:{width}}  {verdict:8} {seconds:5.0f} s  {figures}")
    failed = sum(verdict == "FAILED" for _, verdict, _, _ in table)
    print(f"\n{len(table) - failed} passed, {failed} failed; seed {args.seed}, {sum(row[3] for row in table):.0f} s")
    return int(failed > 0)


if __name__ == "__main__":
    sys.exit(main())
