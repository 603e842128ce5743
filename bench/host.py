#!/usr/bin/env python3
"""What watching a host costs: CPU of one core in per cent, and memory, of Sidelight and of the Go collector.

    ./host.py                              # the release build; otelcol where one with host_metrics is found
    ./host.py --sidelight ../target/debug/sidelight --seconds 10 --cases host

Every program samples once a second into `nop`, in turn, for so many seconds after a warm-up. CPU is user + system of the
whole process, from /proc/PID/stat (ticks of 10 ms: 0.03 % of a core over 30 s), and from the schedstat of its threads,
which is exact. The extremes of several rounds are shown beside the median.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import median

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
PROCESSES = 5

HOST = """
    scrapers:
      cpu:
      memory:
      load:
      disk:
      filesystem:
      network:
      paging:
      processes:
      system:
"""

SERVICE = """
exporters:
  nop:
service:
  %(telemetry)s
  pipelines:
    metrics:
      receivers: [%(receivers)s]
      exporters: [nop]
"""


@dataclass
class Cost:
    """Of one run."""

    stat: float
    schedstat: float
    rss_mb: float


def backends() -> Path:
    default = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "backends" / "bin"
    return Path(os.environ.get("SIDELIGHT_BACKENDS_DIR", default))


def has_host_metrics(program: Path) -> bool:
    if not program.is_file():
        return False
    told = subprocess.run([program, "components"], capture_output=True, text=True, check=False).stdout
    return "hostmetricsreceiver" in told


def configuration(program: str, case: str, interval: str, pids: list[int]) -> str:
    host = f"receivers:\n  host_metrics:\n    collection_interval: {interval}\n    initial_delay: 1s{HOST}"
    receivers = ["host_metrics"]
    if case == "all-processes":
        host += "      process:\n"
        if program != "sidelight":
            host += "        mute_process_all_errors: true\n"
    if case == "host+5" and program == "sidelight":
        targets = "".join(f"      - {{name: app-{n}, pid: {pid}}}\n" for n, pid in enumerate(pids))
        host += f"  process:\n    collection_interval: {interval}\n    targets:\n{targets}"
        receivers.append("process")
    if case == "host+5" and program != "sidelight":
        host += "      process:\n        mute_process_all_errors: true\n"
        host += "        include: {names: [sleep], match_type: strict}\n"
    telemetry = "" if program == "sidelight" else "telemetry: {metrics: {level: none}}"
    return host + SERVICE % {"telemetry": telemetry, "receivers": ", ".join(receivers)}


def ticks(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(") ", 1)[1].split()
    return int(fields[11]) + int(fields[12])


def running_ns(pid: int) -> int:
    """Of all threads there are. One that ends takes its time along; both programs keep theirs."""
    total = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total += int((task / "schedstat").read_text().split()[0])
        except OSError:
            pass
    return total


def rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def run(program: str, binary: Path, text: str, args: argparse.Namespace) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        config = Path(folder) / "pipeline.yaml"
        config.write_text(text)
        command = [str(binary), "--config", str(config)]
        environment = dict(os.environ, STATE_DIRECTORY=folder)
        with (Path(folder) / "log").open("w+") as log:
            child = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, env=environment)
            try:
                time.sleep(args.warmup)
                before = (ticks(child.pid), running_ns(child.pid), time.monotonic())
                time.sleep(args.seconds)
                after = (ticks(child.pid), running_ns(child.pid), time.monotonic())
                memory = rss_mb(child.pid)
                if child.poll() is not None:
                    raise OSError
            except OSError:
                log.seek(0)
                raise SystemExit(f"{binary} has ended:\n{text}\n{log.read()}") from None
            finally:
                child.terminate()
                child.wait(timeout=20)
    seconds = after[2] - before[2]
    return Cost(
        stat=100 * (after[0] - before[0]) / TICKS / seconds,
        schedstat=100 * (after[1] - before[1]) / 1e9 / seconds,
        rss_mb=memory,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    target = HERE.parent / os.environ.get("CARGO_TARGET_DIR", "target")
    parser.add_argument("--sidelight", type=Path, default=target / "release" / "sidelight")
    parser.add_argument("--otelcol", type=Path, help="a collector with host_metrics and nop")
    parser.add_argument("--cases", default="host,host+5,all-processes")
    parser.add_argument("--interval", default="1s")
    parser.add_argument("--seconds", type=float, default=30)
    parser.add_argument("--warmup", type=float, default=4)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()

    programs = {"sidelight": args.sidelight}
    candidates = [args.otelcol] if args.otelcol else [backends() / name for name in ("otelcol", "otelcol-prometheus")]
    programs |= {"otelcol": found for found in candidates if has_host_metrics(found)}
    if not args.sidelight.is_file():
        sys.exit(f"host.py: there is no {args.sidelight}; build it, or give --sidelight")

    watched = [subprocess.Popen(["sleep", "86400"]) for _ in range(PROCESSES)]
    try:
        costs: dict[tuple[str, str], list[Cost]] = {}
        for _ in range(args.rounds):
            for case in args.cases.split(","):
                for program, binary in programs.items():
                    text = configuration(program, case, args.interval, [process.pid for process in watched])
                    costs.setdefault((case, program), []).append(run(program, binary, text, args))
    finally:
        for process in watched:
            process.kill()
            process.wait()

    count = sum(entry.name.isdigit() for entry in Path("/proc").iterdir())
    print(f"{args.rounds} rounds of {args.seconds:.0f} s, one sample every {args.interval}, {count} processes on the host\n")
    print("| case | program | CPU of a core, schedstat (low to high) | by ticks | RSS |")
    print("|---|---|--:|--:|--:|")
    for (case, program), runs in costs.items():
        exact = sorted(cost.schedstat for cost in runs)
        ticked, memory = median(cost.stat for cost in runs), median(cost.rss_mb for cost in runs)
        print(
            f"| {case} | {program} | {median(exact):.3f} % ({exact[0]:.3f} to {exact[-1]:.3f}) | {ticked:.2f} % | {memory:.1f} MB |"
        )


if __name__ == "__main__":
    main()
