"""The price feed: a second, uninstrumented HTTP server that stands for somebody else's service."""

import json
import threading
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from database import SYMBOLS


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        price = SYMBOLS.get(self.path.rpartition("/")[2])
        body = json.dumps({"price": price}).encode()
        self.send_response(404 if price is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class PriceFeed:
    def __init__(self):
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, name="price-feed", daemon=True).start()

    def price(self, symbol: str) -> float:
        """Fetched over HTTP with `urllib`, which the stock instrumentation turns into a CLIENT span."""
        with urllib.request.urlopen(f"{self.url}/prices/{symbol}", timeout=5) as answer:
            return json.load(answer)["price"]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
