#!/usr/bin/env python3
"""Proves from outside that the file_log receiver loses no line and reads none twice, whatever rotates the files.

    tests/chaos/log_files/run.sh target/quick/sidelight                     # the gate, a minute
    tests/chaos/log_files/run.sh target/quick/sidelight --only copytruncate  # one step
    tests/chaos/log_files/run.sh target/quick/sidelight --long               # ten minutes each, with the program killed in all
"""

import argparse
import random
import shutil
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from account import Failed, judge
from program import Program
from steps import STEPS, Step
from writer import Writer

# Steps at the same time: two writers and two programs keep two cores busy.
AT_ONCE = 3


def run(step: Step, binary: Path, seed: int, seconds: float) -> tuple[str, str, str]:
    """One step in a folder of its own: the verdict and the figures. The folder of one that failed is kept."""
    folder = Path(tempfile.mkdtemp(prefix=f"sidelight-log-{step.name}."))
    dice = random.Random(f"{seed} {step.name}")
    program = Program(binary, folder, step)
    writer = Writer(folder, step, dice)
    kills = 0
    try:
        program.start()
        writer.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            pause = dice.uniform(0.3, 1.5) if step.kills else 0.1
            time.sleep(min(pause, max(0.0, until - time.monotonic())))
            program.lives()
            if step.kills and time.monotonic() < until:
                program.kill()
                kills += 1
                program.start()
        ledger = writer.stop()
        program.drain(ledger.lines)
        figures = judge(step, ledger, program.arrived(), kills)
        shutil.rmtree(folder, ignore_errors=True)
        return step.name, "ok", figures
    except Failed as why:
        return step.name, "FAILED", f"{why} [{folder}]"
    finally:
        writer.end()
        program.end()


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("binary", type=Path, help="the program under test")
    parser.add_argument("--long", action="store_true", help="ten minutes each")
    parser.add_argument("--seconds", type=float, help="how long each step writes")
    parser.add_argument("--only", help="steps: " + ", ".join(step.name for step in STEPS))
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32), help="of everything that is random")
    args = parser.parse_args()
    wanted = args.only.split(",") if args.only else [step.name for step in STEPS if args.long or not step.is_open]
    steps = [step for step in STEPS if step.name in wanted]
    if unknown := set(wanted) - {step.name for step in steps}:
        raise SystemExit(f"unknown step {', '.join(sorted(unknown))}")
    if not shutil.which("logrotate"):
        left_out = [step.name for step in steps if step.needs_logrotate]
        steps = [step for step in steps if not step.needs_logrotate]
        print(f"left out, there is no logrotate: {', '.join(left_out)}")
    seconds = args.seconds or (600 if args.long else 6)
    print(f"seed {args.seed}")
    with ProcessPoolExecutor(AT_ONCE) as pool:
        runs = [pool.submit(run, step, args.binary.resolve(), args.seed, seconds) for step in steps]
        verdicts = []
        for one in runs:
            name, verdict, figures = one.result()
            print(f"{name:24} {verdict:7} {figures}", flush=True)
            verdicts.append(verdict)
    return int("FAILED" in verdicts)


if __name__ == "__main__":
    sys.exit(main())
