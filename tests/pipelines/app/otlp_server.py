"""An OTLP server over gRPC and HTTP/1.1 that hands over each request's bytes as they came, parsed by nobody."""

import gzip
import json
import select
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc

from otlp_requests import BY_GRPC_METHOD, BY_HTTP_PATH

NO_MESSAGE_LIMIT = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),
)


class _Export(grpc.GenericRpcHandler):
    """Serves the Export methods without (de)serializers: bytes in, bytes out."""

    def __init__(self, answer):
        self._answer = answer

    def service(self, call):
        signal = BY_GRPC_METHOD.get(call.method)
        if signal is None:
            return None  # UNIMPLEMENTED
        return grpc.unary_unary_rpc_method_handler(lambda body, context: self._answer(signal, body, context))


def serve_grpc(port: int, answer) -> grpc.Server:
    """`answer(signal, body, context) -> bytes` is called on a thread per request, at most 128 at once."""
    # SO_REUSEPORT would let two servers share a port in silence.
    options = (*NO_MESSAGE_LIMIT, ("grpc.so_reuseport", 0))
    server = grpc.server(ThreadPoolExecutor(128), options=options, compression=grpc.Compression.NoCompression)
    server.add_generic_rpc_handlers((_Export(answer),))
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    return server


class HttpExport(BaseHTTPRequestHandler):
    """One HTTP request. Subclasses say in `export` what happens to it; `reply` answers."""

    protocol_version = "HTTP/1.1"

    def export(self, signal, body: bytes, decoded: bytes) -> None:
        """`body` is as it came, `decoded` without its Content-Encoding."""
        raise NotImplementedError

    def do_POST(self):
        body = self._read_body()
        signal = BY_HTTP_PATH.get(self.path)
        encoding = self.headers.get("Content-Encoding", "identity")
        if signal is None:
            return self.reply(404)
        if self.headers.get_content_type() != "application/x-protobuf" or encoding not in ("identity", "gzip"):
            return self.reply(415)
        self.export(signal, body, gzip.decompress(body) if encoding == "gzip" else body)

    def _read_body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass  # trailers
        return b"".join(chunks)

    def reply(self, status: int, body: bytes = b"", headers=(("Content-Type", "application/x-protobuf"),)) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def client_is_gone(self) -> bool:
        readable, _, _ = select.select([self.connection], [], [], 0)
        return bool(readable) and self.connection.recv(1, socket.MSG_PEEK) == b""

    def log_message(self, *_):
        pass


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # a client that goes away in the middle is part of the tests


def serve_http(port: int, handler) -> ThreadingHTTPServer:
    server = _HttpServer(("127.0.0.1", port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def serve_control(port: int, counts, actions) -> ThreadingHTTPServer:
    """`GET /counts` as JSON; `POST /<action>` for each name in `actions`."""

    class Control(BaseHTTPRequestHandler):
        def do_GET(self):
            self._reply(200, json.dumps(counts()).encode())

        def do_POST(self):
            action = actions.get(self.path.lstrip("/"))
            if action is None:
                return self._reply(404, f"one of: {', '.join(actions)}\n".encode())
            action()
            self._reply(200, b"")

        def _reply(self, status, body):
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    return serve_http(port, Control)
