#!/usr/bin/env python3
"""What scraping costs: the same targets, scraped by Sidelight and by Prometheus in agent mode, one after the other.

The targets are pages made beforehand, one for each round, plain and gzipped, on addresses 127.0.7.1, 127.0.7.2, … of this
process; it is also the sink of what the programs send on. The figure is CPU-seconds of the program (user + system) over the
measured part, and its memory. A run in which a target was not scraped as often as it should be is void.
"""

import argparse
import asyncio
import gzip
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from side_by_side import machine
from side_by_side.programs import BACKENDS

HERE = Path(__file__).resolve().parent
TICKS = os.sysconf("SC_CLK_TCK")
PORT = 17070


def arguments() -> argparse.Namespace:
    built = HERE.parent / os.environ.get("CARGO_TARGET_DIR", "target") / "release" / "sidelight"
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sidelight", type=Path, default=built)
    parser.add_argument("--prometheus", type=Path, default=BACKENDS / "prometheus")
    parser.add_argument("--only", help="runs, as in nop,agent: nop, otlp, agent")
    parser.add_argument("--targets", type=int, default=100)
    parser.add_argument("--series", type=int, default=1000, help="of each target")
    parser.add_argument("--interval", type=int, default=5, help="seconds between two scrapes of a target")
    parser.add_argument("--seconds", type=int, default=60, help="measured part")
    parser.add_argument("--warmup", type=int, default=15)
    parser.add_argument("--cpu", type=int, default=1, help="CPU that the program is pinned to; this process uses the others")
    parser.add_argument("--plain", action="store_true", help="targets do not compress")
    return parser.parse_args()


def page(series: int, number: int) -> bytes:
    """Counters, gauges and histograms as an application has them; values grow with the number of the page."""
    lines, left, at = [], series, 0
    while left >= 14:
        lines += [f"# HELP http_request_duration_seconds_{at} Time that requests took.",
                  f"# TYPE http_request_duration_seconds_{at} histogram"]
        labels = f'method="GET",route="/orders/{at}",status="200"'
        total = 0
        for bound in (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, "+Inf"):
            total += number * (at + 1)
            lines.append(f'http_request_duration_seconds_{at}_bucket{{{labels},le="{bound}"}} {total}')
        lines += [f"http_request_duration_seconds_{at}_sum{{{labels}}} {total * 0.0123:.6f}",
                  f"http_request_duration_seconds_{at}_count{{{labels}}} {total}",
                  f"# HELP orders_total_{at} Orders taken.", f"# TYPE orders_total_{at} counter",
                  f'orders_total_{at}{{symbol="600519",side="buy",venue="XSHG"}} {number * 7 + at}',
                  f"# HELP queue_depth_{at} Orders that wait.", f"# TYPE queue_depth_{at} gauge",
                  f'queue_depth_{at}{{symbol="600519",venue="XSHG"}} {(number * 31 + at) % 97 / 7:.4f}']
        left, at = left - 14, at + 1
    lines += [f'rest_{number_of_rest} {number}' for number_of_rest in range(left)]
    return ("\n".join(lines) + "\n").encode()


class Peer:
    """All targets and the sink."""

    def __init__(self, args: argparse.Namespace):
        rounds = (args.seconds + args.warmup) // args.interval + 4
        self.pages = [page(args.series, number + 1) for number in range(rounds)]
        self.zipped = [] if args.plain else [gzip.compress(text, 6) for text in self.pages]
        self.asked: dict[str, int] = {}
        self.received = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        address = writer.get_extra_info("sockname")[0]
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                if head.startswith("post"):
                    await self.take(head, reader)
                    writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/x-protobuf\r\nContent-Length: 0\r\n\r\n")
                else:
                    writer.write(self.answer(address, "gzip" in head))
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    async def take(self, head: str, reader: asyncio.StreamReader) -> None:
        fields = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
        if "content-length" in fields:
            self.received += len(await reader.readexactly(int(fields["content-length"])))
            return
        while size := int((await reader.readline()).strip(), 16):
            self.received += len(await reader.readexactly(size + 2)) - 2
        await reader.readline()

    def answer(self, address: str, takes_gzip: bool) -> bytes:
        number = self.asked.get(address, 0)
        self.asked[address] = number + 1
        use_gzip = takes_gzip and bool(self.zipped)
        body = (self.zipped if use_gzip else self.pages)[number % len(self.pages)]
        encoding = "Content-Encoding: gzip\r\n" if use_gzip else ""
        head = f"HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n{encoding}Content-Length: {len(body)}\r\n\r\n"
        return head.encode() + body


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def memory_mib(pid: int) -> tuple[float, float]:
    lines = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
    return tuple(int(lines[name].split()[0]) / 1024 for name in ("VmRSS", "VmHWM"))


def scraping(args: argparse.Namespace) -> dict:
    targets = [f"127.0.7.{number}:{PORT}" for number in range(1, args.targets + 1)]
    return {"global": {"scrape_interval": f"{args.interval}s", "scrape_timeout": f"{args.interval}s"},
            "scrape_configs": [{"job_name": "bench", "static_configs": [{"targets": targets}]}]}


def sidelight(args: argparse.Namespace, folder: Path, exporter: dict) -> list:
    config = {"receivers": {"prometheus": {"config": scraping(args)}}, "exporters": exporter,
              "service": {"pipelines": {"metrics": {"receivers": ["prometheus"], "exporters": list(exporter)}},
                          "telemetry": {"metrics": {"level": "none"}}}}
    (folder / "pipeline.yaml").write_text(json.dumps(config, indent=1))
    return [args.sidelight.resolve(), "--config", folder / "pipeline.yaml"]


def agent(args: argparse.Namespace, folder: Path) -> list:
    config = scraping(args) | {"remote_write": [{"url": f"http://127.0.7.1:{PORT}/write"}]}
    (folder / "prometheus.yml").write_text(json.dumps(config))
    return [args.prometheus, "--agent", f"--config.file={folder}/prometheus.yml", f"--storage.agent.path={folder}/wal",
            "--web.listen-address=127.0.0.1:17071"]


RUNS = {
    "nop": ("Sidelight, scraped and dropped", lambda args, folder: sidelight(args, folder, {"nop": {}})),
    "otlp": ("Sidelight, to OTLP/HTTP, gzip", lambda args, folder: sidelight(
        args, folder, {"otlp_http": {"endpoint": f"http://127.0.7.1:{PORT}"}})),
    "agent": ("Prometheus agent, to remote write", agent),
}


async def measure(args: argparse.Namespace, name: str, folder: Path) -> dict:
    peer = Peer(args)
    servers = [await asyncio.start_server(peer.serve, f"127.0.7.{number}", PORT, limit=1 << 24)
               for number in range(1, args.targets + 1)]
    log = (folder / f"{name}.log").open("w")
    command = ["taskset", "-c", str(args.cpu), *RUNS[name][1](args, folder)]
    program = subprocess.Popen(command, stdout=log, stderr=log, env=os.environ | {"GOMAXPROCS": "1"})
    try:
        await asyncio.sleep(args.warmup)
        before, scrapes, received = cpu_seconds(program.pid), sum(peer.asked.values()), peer.received
        started = time.monotonic()
        await asyncio.sleep(args.seconds)
        if program.poll() is not None:
            raise SystemExit(f"{name} ended: {(folder / f'{name}.log').read_text()[-2000:]}")
        took = time.monotonic() - started
        cpu, scrapes = cpu_seconds(program.pid) - before, sum(peer.asked.values()) - scrapes
        rss, peak = memory_mib(program.pid)
    finally:
        program.terminate()
        await asyncio.to_thread(program.wait, 60)
        for server in servers:
            server.close()
    expected = args.targets * took / args.interval
    void = abs(scrapes - expected) > 0.1 * expected or name != "nop" and peer.received == received
    return {"cpu_s": cpu, "scrapes": scrapes, "rss": rss, "peak": peak, "sent": peer.received - received, "void": void}


def main() -> None:
    args = arguments()
    others = set(os.sched_getaffinity(0)) - {args.cpu}
    os.sched_setaffinity(0, others or {args.cpu})
    names = args.only.split(",") if args.only else list(RUNS)
    facts = machine.described(machine.facts())
    print(f"{args.targets} targets × {args.series} series every {args.interval} s, {args.seconds} s measured, pages "
          f"{'plain' if args.plain else 'gzipped'}; {facts}\n")
    print("| program | CPU-seconds | CPU | µs a sample | RSS, highest | sent on |\n|---|--:|--:|--:|--:|--:|")
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            got = asyncio.run(measure(args, name, Path(folder)))
        samples = got["scrapes"] * args.series
        per_sample = got["cpu_s"] / samples * 1e6 if samples else 0
        void = f" VOID: {got['scrapes']} scrapes" if got["void"] else ""
        print(f"| {RUNS[name][0]} | {got['cpu_s']:.2f} | {got['cpu_s'] / args.seconds * 100:.1f} % | {per_sample:.2f} | "
              f"{got['rss']:.0f}, {got['peak']:.0f} MiB | {got['sent'] / 1e6:.1f} MB |{void}", flush=True)


if __name__ == "__main__":
    main()
