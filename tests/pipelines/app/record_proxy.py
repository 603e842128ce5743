"""Stands between an application and the program under test, and writes down what was acknowledged.

    record_proxy.py --acknowledged acked --unacknowledged rest --grpc-port 24317 --http-port 24318 \
        --control-port 24319 --to-grpc 127.0.0.1:4317 --to-http 127.0.0.1:4318

Forwards each export request with its bytes, headers and deadline unchanged, and gives the answer back as it is: gRPC
status, message and trailers, HTTP status, headers and body. A request that was answered with a full success is kept in
`acknowledged` before the application learns of it; any other in `unacknowledged`: it may or may not arrive.
A partial success counts as unacknowledged, since nothing says which items were rejected.
Prints `ready`. `GET /counts` on the control port: requests begun, acknowledged and not acknowledged, per signal.
gRPC messages are forwarded uncompressed, whatever the application chose.
"""

import argparse
import http.client
import threading
from collections import Counter
from pathlib import Path

import grpc

from otlp_requests import RequestFolder, Signal
from otlp_server import NO_MESSAGE_LIMIT, HttpExport, serve_control, serve_grpc, serve_http

_HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "content-length", "host", "date", "server", "upgrade"}
_LONGEST_HTTP_WAIT_SECONDS = 60


class Record:
    def __init__(self, acknowledged: Path, unacknowledged: Path):
        self._acknowledged, self._unacknowledged = RequestFolder(acknowledged), RequestFolder(unacknowledged)
        self._lock, self._begun = threading.Lock(), Counter()

    def begin(self, signal: Signal) -> None:
        with self._lock:
            self._begun[signal.name] += 1

    def end(self, signal: Signal, body: bytes, answer: bytes | None) -> None:
        """`answer` is the body of a success, None for any failure."""
        (self._acknowledged if _is_full_success(signal, answer) else self._unacknowledged).add(signal, body)

    def counts(self) -> dict:
        with self._lock:
            return {
                "begun": dict(self._begun),
                "acknowledged": self._acknowledged.counts(),
                "unacknowledged": self._unacknowledged.counts(),
            }


def _is_full_success(signal: Signal, answer: bytes | None) -> bool:
    if answer is None:
        return False
    partial = signal.response.FromString(answer).partial_success
    return not any(value for field, value in partial.ListFields() if field.name.startswith("rejected_"))


def grpc_forwarder(target: str, record: Record):
    channel = grpc.insecure_channel(target, options=NO_MESSAGE_LIMIT)

    def forward(signal, body, context) -> bytes:
        record.begin(signal)
        metadata = [(k, v) for k, v in context.invocation_metadata() if k != "user-agent" and not k.startswith("grpc-")]
        call = channel.unary_unary(signal.grpc_method)
        try:
            answer, done = call.with_call(body, timeout=context.time_remaining(), metadata=metadata)
        except grpc.RpcError as error:
            record.end(signal, body, None)
            context.set_trailing_metadata(error.trailing_metadata() or ())
            context.abort(error.code(), error.details())
        record.end(signal, body, answer)
        context.set_trailing_metadata(done.trailing_metadata() or ())
        return answer

    return forward


def http_forwarder(target: str, record: Record):
    class Forward(HttpExport):
        def export(self, signal, body, decoded):
            record.begin(signal)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            upstream = http.client.HTTPConnection(target, timeout=_LONGEST_HTTP_WAIT_SECONDS)
            try:
                upstream.request("POST", self.path, body, headers)
                answer = upstream.getresponse()
                content = answer.read()
            except OSError:
                record.end(signal, decoded, None)
                return self.reply(502)
            finally:
                upstream.close()
            record.end(signal, decoded, content if answer.status == 200 else None)
            self.reply(answer.status, content, [(k, v) for k, v in answer.getheaders() if k.lower() not in _HOP_BY_HOP])

    return Forward


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--acknowledged", type=Path, required=True)
    parser.add_argument("--unacknowledged", type=Path, required=True)
    parser.add_argument("--grpc-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    parser.add_argument("--to-grpc", required=True, metavar="HOST:PORT")
    parser.add_argument("--to-http", required=True, metavar="HOST:PORT")
    given = parser.parse_args()
    record = Record(given.acknowledged, given.unacknowledged)
    servers = (
        serve_grpc(given.grpc_port, grpc_forwarder(given.to_grpc, record)),
        serve_http(given.http_port, http_forwarder(given.to_http, record)),
        serve_control(given.control_port, record.counts, {}),
    )
    print("ready", flush=True)
    servers[0].wait_for_termination()


if __name__ == "__main__":
    main()
