#!/usr/bin/env python3
"""Runs collectors side by side on the same work and prints the table. `run.py --help` says more.

Each row of `side_by_side/rows.py` is run by every program in turn (A B C, then C B A, …), so that what the
machine does meanwhile hits all of them. The figure is CPU-seconds of the program per million items that
arrived; a run in which not everything sent was acknowledged and arrived unchanged is void and says nothing.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

from side_by_side import machine, table
from side_by_side.measure import Bench
from side_by_side.programs import Ports, Program, choose
from side_by_side.rows import ROWS, Row

HERE = Path(__file__).resolve().parent


def built(workspace: Path) -> Path:
    """Where cargo puts what is built for release in a workspace."""
    return workspace / os.environ.get("CARGO_TARGET_DIR", "target") / "release"


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sidelight", type=Path, default=built(HERE.parent) / "sidelight")
    parser.add_argument("--only", help="programs, as in sidelight,otelcol,rotel")
    parser.add_argument("--rows", help="rows, as in grpc-1000,logs: " + ", ".join(row.key for row in ROWS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=20, help="measured part of each run")
    parser.add_argument("--warmup", type=float, default=5)
    parser.add_argument("--quick", action="store_true", help="one round of 5 s")
    parser.add_argument("--pin", default="0:1", help="CPU of the loader and of the program; `off`: unpinned")
    parser.add_argument("--port-base", type=int, default=14317)
    parser.add_argument("--no-build", action="store_true", help="use blast as it was built before")
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("BEFORE", "AFTER"), help="two result files")
    return parser.parse_args()


def chosen_rows(names: str | None) -> list[Row]:
    if not names:
        return ROWS
    by_key = {row.key: row for row in ROWS}
    unknown = set(names.split(",")) - set(by_key)
    if unknown:
        raise SystemExit(f"run.py: unknown row {', '.join(sorted(unknown))}; there are {', '.join(by_key)}")
    return [by_key[name] for name in names.split(",")]


def pinning(wanted: str) -> str | None:
    if wanted == "off" or (os.cpu_count() or 1) < 2:
        return None
    return wanted


def run_row(bench: Bench, row: Row, programs: list[Program], rounds: int, raw: dict) -> dict:
    """All rounds of a row; the order of the programs is turned round by round."""
    results: dict[str, list[dict]] = {program.name: [] for program in programs}
    if row.kind == "steady":
        results["direct"] = []
    for number in range(rounds):
        if row.kind == "steady":
            results["direct"].append(bench.run(row, None))
        for program in programs if number % 2 == 0 else programs[::-1]:
            result = run_once(bench, row, program, raw)
            if result is not None:
                results[program.name].append(result)
                say(row, program, result)
    return results


def run_once(bench: Bench, row: Row, program: Program, raw: dict) -> dict | None:
    # The control answers one question, how much a figure varies by itself; the first row is enough for it.
    if program.name == "control" and row.key != ROWS[0].key:
        return None
    if reason := program.cannot(row):
        return {"cannot": reason, "void": [reason]}
    if row.kind != "overload":
        return bench.run(row, program)
    saturation = [run["acked_items_per_s"] for run in table.good(raw.get("grpc-1000", {}).get(program.name, []))]
    if not saturation:
        saturation = [run["acked_items_per_s"] for run in table.good([bench.run(ROWS[0], program)])]
    if not saturation:
        return {"void": ["its saturation is not known: the run that finds it is void"]}
    return bench.run(row, program, offered=int(2 * median(saturation)))


def say(row: Row, program: Program, result: dict) -> None:
    what = "; ".join(result["void"]) or f"{result['items_per_cpu_s'] / 1e6:.2f} M items per CPU-s"
    print(f"{row.key:14} {program.name:10} {table.short(what)}", file=sys.stderr, flush=True)


def build_blast(no_build: bool) -> Path:
    if not no_build:
        subprocess.run(["cargo", "build", "--release", "--quiet", "-p", "blast"], cwd=HERE, check=True)
    return built(HERE) / "blast"


def notes(programs: list[Program], versions: dict, facts: dict, bench: Bench, rounds: int) -> list[str]:
    told = [f"{facts['described']}; {rounds} rounds of {bench.seconds:g} s, warm-up {bench.warmup:g} s, "
            + (f"loader:program pinned to CPU {bench.pin}" if bench.pin else "unpinned")]
    told += [f"{program.name} {versions[program.name]}: acknowledges {program.acknowledges}"
             for program in programs if program.name != "control"]
    return told + [
        "a figure is the median (lowest–highest) over the rounds; a ratio is of runs of the same round",
        "gzip and zstd levels: the loader 1; over HTTP 1 wherever it can be set; otelcol over gRPC is fixed to its "
        "libraries' defaults (gzip 6, zstd 3), rotel to gzip 6",
        "telemetry about themselves is off in otelcol and rotel; rotel batches up to 8,192 items or 200 ms, "
        "otelcol does so only in the defaults row",
        "with the queue on disk everybody acknowledges when a request is in it; otelcol is then otelcol-storage 0.165, "
        "whose sync is off (fsync: false) but in the row that says otherwise",
        "16 KiB frames in both directions but for the row that says otherwise; Go never sends larger ones"]


def main() -> None:
    args = arguments()
    if args.compare:
        before, after = (json.loads(path.read_text()) for path in args.compare)
        print("\n".join(table.compare(before, after)))
        return
    rows = chosen_rows(args.rows)
    programs = choose(args.only.split(",") if args.only else None, args.sidelight.resolve(), control=not args.quick)
    rounds, seconds, warmup = (1, 5.0, 1.0) if args.quick else (args.rounds, args.seconds, args.warmup)
    folder = HERE / "results" / time.strftime("%Y-%m-%d-%H%M%S")
    folder.mkdir(parents=True)
    ports = Ports(args.port_base, args.port_base + 1, args.port_base + 1000)
    bench = Bench(build_blast(args.no_build), ports, folder, seconds, warmup, pinning(args.pin))
    about = machine.facts()
    versions = {program.name: program.version() for program in programs}
    raw: dict[str, dict] = {}
    for row in rows:
        raw[row.key] = run_row(bench, row, programs, rounds, raw)
        save(folder, raw, about, versions)
    names = [program.name for program in programs]
    facts = {p.name: table.facts_of(raw, p.name) | {"binary_mb": p.stripped_bytes() / 1e6} for p in programs}
    text = table.lines(rows, names, raw, facts) + [""]
    control = table.control_line(raw)
    about["described"] = machine.described(about)
    text += [f"- {note}" for note in notes(programs, versions, about, bench, rounds) + ([control] if control else [])]
    (folder / "table.md").write_text("\n".join(text) + "\n")
    print("\n".join(text))
    print(f"\nraw results, configurations and commands: {folder}", file=sys.stderr)


def save(folder: Path, raw: dict, about: dict, versions: dict) -> None:
    results = {"machine": about, "versions": versions, "raw": raw}
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
