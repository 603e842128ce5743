#!/usr/bin/env python3
"""Four times the load that can be carried, and what must hold meanwhile and afterwards.

A sink takes so many spans a second and no more; senders offer a multiple of that over OTLP/HTTP. Memory stays within
the budget, refusals say that they are to be sent again and are counted, every span whose sender got a 200 reaches the
sink, and there is service again at once when the load ends. Sender and sink keep ledgers of their own: the program's
figures are only compared with theirs.

    overload.py target/quick/sidelight                     the gate: 25 s
    overload.py target/quick/sidelight --seconds 600       by hand
    overload.py … --queue '{ack: queue, storage: file_storage}' --extension 'file_storage: {directory: /tmp/q}'
"""

import argparse
import collections
import http.client
import http.server
import os
import re
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time

MIB = 1 << 20
BUDGET_MIB = 64
SPANS = 1000
# Of one span: its id is found again by this.
MARK = b"SL"
ID = re.compile(b"\x12\x08" + MARK + b"(.{6})", re.DOTALL)


def field(number, payload):
    length, out = len(payload), bytearray([number << 3 | 2])
    while length > 0x7F:
        out.append(length & 0x7F | 0x80)
        length >>= 7
    out.append(length)
    return bytes(out) + payload


def request(first):
    """SPANS spans with ids that count from `first`; about half a megabyte."""
    spans = bytearray()
    for number in range(first, first + SPANS):
        span = field(1, b"\1" * 16) + field(2, MARK + struct.pack(">Q", number)[2:])
        spans += field(2, span + field(5, b"GET /orders/{id} " + b"x" * 450))
    return field(1, field(2, bytes(spans)))


class Sink(http.server.ThreadingHTTPServer):
    """Takes `capacity` spans a second, one request after the other."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, capacity):
        super().__init__(("127.0.0.1", 0), Answer)
        self.capacity, self.turn, self.seen = capacity, threading.Lock(), collections.Counter()
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        numbers = [int.from_bytes(found, "big") for found in ID.findall(body)]
        with self.server.turn:
            time.sleep(len(numbers) / self.server.capacity)
            self.server.seen.update(numbers)
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class Senders:
    """So many connections that send as fast as they are answered, and come back when they are told to."""

    def __init__(self, port, connections, interval):
        self.port, self.interval = port, interval
        self.stop, self.lock, self.next_id = threading.Event(), threading.Lock(), 1
        self.accepted, self.answers, self.unexplained, self.took = [], collections.Counter(), [], []
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(connections)]

    def start(self):
        for thread in self.threads:
            thread.start()

    def finish(self):
        self.stop.set()
        for thread in self.threads:
            thread.join()

    def run(self):
        while not self.stop.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            try:
                while not self.stop.is_set():
                    begun = time.monotonic()
                    self.send(connection)
                    self.stop.wait(max(0.0, begun + self.interval - time.monotonic()))
            except OSError as error:
                with self.lock:
                    self.answers["broken"] += 1
                    self.unexplained.append(repr(error))

    def send(self, connection):
        with self.lock:
            first, self.next_id = self.next_id, self.next_id + SPANS
        begun = time.monotonic()
        connection.request("POST", "/v1/traces", request(first), {"content-type": "application/x-protobuf"})
        answer = connection.getresponse()
        text = answer.read()
        with self.lock:
            self.answers[answer.status] += 1
            if answer.status == 200:
                self.accepted.append(first)
                self.took.append(time.monotonic() - begun)
            elif answer.status == 429 and not (answer.headers.get("retry-after") or "").isdigit():
                self.unexplained.append("429 without Retry-After")
            elif answer.status not in (429, 503):
                self.unexplained.append(f"{answer.status}: {text[:200]}")


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def configuration(options, sink, otlp, metrics):
    extension = options.extension.split(":", 1)[0] if options.extension else ""
    return f"""
receivers: {{otlp: {{protocols: {{http: {{endpoint: "127.0.0.1:{otlp}"}}}}}}}}
exporters:
  otlp_http: {{endpoint: "http://127.0.0.1:{sink}", compression: none, sending_queue: {options.queue}}}
extensions: {{{options.extension}}}
service:
  extensions: [{extension}]
  telemetry: {{logs: {{level: warn}}, metrics: {{readers: [{{pull: {{exporter: {{prometheus: {{host: 127.0.0.1, port: {metrics}}}}}}}}}]}}}}
  sidelight: {{memory_budget: {BUDGET_MIB}MiB}}
  pipelines: {{traces: {{receivers: [otlp], exporters: [otlp_http]}}}}
"""


def status_kib(pid, name):
    with open(f"/proc/{pid}/status") as lines:
        return next(int(line.split()[1]) for line in lines if line.startswith(name))


def counted(port, name):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", "/metrics")
    page = connection.getresponse().read().decode()
    values = [float(line.rsplit(" ", 1)[1]) for line in page.splitlines() if re.match(name + r"(_total)?[{ ]", line)]
    return int(sum(values))


def wait_for(what, seconds, is_so):
    deadline = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > deadline:
            sys.exit(f"FAILED: {what} after {seconds} s")
        time.sleep(0.05)


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--seconds", type=float, default=25)
    parser.add_argument("--capacity", type=int, default=10_000, help="spans a second that the sink takes")
    parser.add_argument("--times", type=float, default=4, help="offered load, of what the sink takes")
    parser.add_argument("--connections", type=int, default=256)
    parser.add_argument("--queue", default="{ack: delivery}", help="the exporter's sending_queue")
    parser.add_argument("--extension", default="", help="an extension that the queue needs, with its settings")
    options = parser.parse_args()

    sink, otlp, metrics = Sink(options.capacity), free_port(), free_port()
    with tempfile.NamedTemporaryFile("w", suffix=".yaml", delete=False) as config:
        config.write(configuration(options, sink.server_address[1], otlp, metrics))
    program = subprocess.Popen([options.program, "--config", config.name])
    failures = []
    try:
        wait_for("it does not listen", 30, lambda: listens(otlp) and listens(metrics))
        time.sleep(1)
        idle = status_kib(program.pid, "VmRSS:")
        offered = options.times * options.capacity / SPANS
        senders = Senders(otlp, options.connections, options.connections / offered)
        senders.start()
        time.sleep(options.seconds)
        senders.finish()
        ended, probe = time.monotonic(), Senders(otlp, 1, 0)
        probe.next_id = senders.next_id
        while not probe.accepted and time.monotonic() - ended < 60:
            connection = http.client.HTTPConnection("127.0.0.1", otlp, timeout=60)
            probe.send(connection)
        recovered = time.monotonic() - ended
        accepted = {first for first in senders.accepted + probe.accepted}
        missing = lambda: [n for n in accepted if any(i not in sink.seen for i in range(n, n + SPANS))]
        deadline = time.monotonic() + 120
        while missing() and time.monotonic() < deadline:
            time.sleep(0.5)
        peak = status_kib(program.pid, "VmHWM:")
        taken = counted(metrics, "otelcol_receiver_accepted_spans")
        refused = counted(metrics, "otelcol_receiver_refused_spans")
        unread = counted(metrics, "sidelight_receiver_unread_requests")
    finally:
        program.send_signal(signal.SIGTERM)
        exit_code = program.wait(timeout=60)
        os.unlink(config.name)

    refusals = senders.answers[429] + senders.answers[503] + probe.answers[429] + probe.answers[503]
    accepted_spans = len(accepted) * SPANS
    bound = idle + BUDGET_MIB * 1024 * 5 // 4
    took = sorted(senders.took) or [0.0]
    duplicates = sum(sink.seen.values()) - len(sink.seen)
    offered_now = sum(senders.answers.values()) * SPANS / options.seconds
    print(f"offered {offered_now:,.0f} spans a second to a sink of {options.capacity:,} for {options.seconds:.0f} s: {dict(senders.answers)}")
    print(f"accepted {accepted_spans:,} spans, not delivered {len(missing()) * SPANS:,}, delivered twice {duplicates:,}")
    print(f"latency of accepted: median {took[len(took) // 2]:.2f} s, p99 {took[len(took) * 99 // 100]:.2f} s")
    print(f"memory: idle {idle:,} KiB, peak {peak:,} KiB, bound {bound:,} KiB")
    print(f"counted: accepted {taken:,} spans, refused {refused:,} spans and {unread:,} requests unread; {refusals:,} refusals seen")
    print(f"service again {recovered:.2f} s after the load; exit code {exit_code}")

    check = lambda is_so, what: is_so or failures.append(what)
    check(senders.answers[200] > 0, "nothing was accepted")
    check(refusals > 0, "nothing was refused: that was no overload")
    check(offered_now > 1.5 * options.capacity, "the load was not offered")
    check(not senders.unexplained, f"answers that are no retryable refusals: {senders.unexplained[:3]}")
    check(not missing(), "accepted spans were not delivered")
    check(peak <= bound, "memory is beyond its bound")
    check(taken == accepted_spans, "its count of accepted spans is another")
    check(refused // SPANS + unread == refusals, "its count of refusals is another")
    check(recovered <= 5, "no service within 5 s after the load")
    check(exit_code == 0, "something was left at the end")
    for failure in failures:
        print(f"FAILED: {failure}")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
