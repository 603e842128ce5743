"""An OTLP backend that keeps every export request it accepts, and can be told to fail.

    capture_sink.py --folder received --grpc-port 14317 --http-port 14318 --control-port 14319

Prints `ready` when all ports listen. `POST /ok`, `/refuse` or `/stall` to the control port sets how requests are
answered from then on; `GET /counts` tells how many were kept. A request is on disk before its sender gets the OK.
`refuse` is UNAVAILABLE, or 503. `stall` answers nothing until the mode changes; a request whose sender gave up
meanwhile is then forgotten, the others are kept and answered.
"""

import argparse
import threading
from pathlib import Path

import grpc

from otlp_requests import RequestFolder
from otlp_server import HttpExport, serve_control, serve_grpc, serve_http


class Mode:
    def __init__(self):
        self._changed = threading.Condition()
        self._mode = "ok"

    def set(self, mode: str) -> None:
        with self._changed:
            self._mode = mode
            self._changed.notify_all()

    def when_it_answers(self) -> str:
        """`ok` or `refuse`, after any stall."""
        with self._changed:
            self._changed.wait_for(lambda: self._mode != "stall")
            return self._mode


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--grpc-port", type=int, required=True)
    parser.add_argument("--http-port", type=int, required=True)
    parser.add_argument("--control-port", type=int, required=True)
    given = parser.parse_args()
    folder, mode = RequestFolder(given.folder), Mode()

    def answer_grpc(signal, body, context) -> bytes:
        if mode.when_it_answers() == "refuse":
            context.abort(grpc.StatusCode.UNAVAILABLE, "the capture sink was told to refuse")
        if not context.is_active():
            context.abort(grpc.StatusCode.CANCELLED, "the sender gave up")
        folder.add(signal, body)
        return b""

    class AnswerHttp(HttpExport):
        def export(self, signal, body, decoded):
            if mode.when_it_answers() == "refuse":
                self.reply(503)
            elif not self.client_is_gone():
                folder.add(signal, decoded)
                self.reply(200)

    # Held: a server that nobody refers to is closed.
    servers = (
        serve_grpc(given.grpc_port, answer_grpc),
        serve_http(given.http_port, AnswerHttp),
        serve_control(
            given.control_port,
            folder.counts,
            {name: lambda name=name: mode.set(name) for name in ("ok", "refuse", "stall")},
        ),
    )
    print("ready", flush=True)
    servers[0].wait_for_termination()


if __name__ == "__main__":
    main()
