"""The application's own clients. They are not instrumented, so every trace starts at the server.

The order of requests depends on the seed alone; with several clients the moment at which each is made does not.
"""

import http.client
import json
import logging
import random
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from database import STRATEGIES, SYMBOLS

log = logging.getLogger("traffic")


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    body: dict | None
    user_id: str
    request_id: str


# (weight, what). Slow ones are rare, as in life.
_KINDS = (
    (20, "quote"),
    (15, "list orders"),
    (15, "place order"),
    (10, "portfolio"),
    (10, "analysis"),
    (8, "health"),
    (6, "positions (N+1)"),
    (5, "one order"),
    (3, "sharpe"),
    (2, "unknown order"),
    (2, "unknown page"),
    (2, "daily report (slow route)"),
    (1, "risk report (slow query)"),
    (1, "legacy report (SQL error)"),
)


def requests_in_order(seed: int) -> Iterator[Request]:
    """Every kind once, so that even a short run shows all of them; then without end by weight."""
    rng = random.Random(seed)
    kinds, weights = [kind for _, kind in _KINDS], [weight for weight, _ in _KINDS]
    number = 0
    while True:
        kind = kinds[number] if number < len(kinds) else rng.choices(kinds, weights)[0]
        number += 1
        method, path, body = _request(kind, rng)
        yield Request(method, path, body, f"u{rng.randrange(1000, 1020)}", f"{seed:04d}-{number:08d}")


def _request(kind: str, rng: random.Random) -> tuple[str, str, dict | None]:
    symbol, strategy = rng.choice(list(SYMBOLS)), rng.choice(STRATEGIES)
    match kind:
        case "quote":
            return "GET", f"/api/quotes/{symbol}", None
        case "list orders":
            return "GET", "/api/orders", None
        case "place order":
            order = {"symbol": symbol, "side": rng.choice(("buy", "sell")), "quantity": rng.randrange(10, 1000, 10)}
            return "POST", "/api/orders", order
        case "portfolio":
            return "GET", "/api/portfolio", None
        case "analysis":
            return "POST", "/api/analyses", {"strategy": strategy, "symbol": symbol}
        case "health":
            return "GET", "/health", None
        case "positions (N+1)":
            return "GET", "/api/portfolio/positions", None
        case "one order":
            return "GET", f"/api/orders/{rng.randint(1, 200)}", None
        case "sharpe":
            return "GET", f"/api/strategies/{strategy}/sharpe", None
        case "unknown order":
            return "GET", f"/api/orders/{rng.randint(10**8, 10**9)}", None
        case "unknown page":
            return "GET", "/favicon.ico", None
        case "daily report (slow route)":
            return "GET", "/api/reports/daily", None
        case "risk report (slow query)":
            return "GET", "/api/reports/risk", None
        case "legacy report (SQL error)":
            return "GET", "/api/reports/legacy", None
    raise ValueError(kind)


class Traffic:
    def __init__(self, port: int, seed: int, rate: float, clients: int, max_requests: int | None):
        self._port = port
        self._requests = requests_in_order(seed)
        self._interval = 1 / rate if rate > 0 else 0.0
        self._max_requests = max_requests
        self._lock = threading.Lock()
        self._next_at = time.monotonic()
        self._stop = threading.Event()
        self._taken = 0
        self.answered = 0
        self._clients = [threading.Thread(target=self._client, name=f"client-{n}") for n in range(clients)]

    def start(self) -> None:
        for client in self._clients:
            client.start()

    def stop(self) -> None:
        self._stop.set()

    def wait(self) -> None:
        """Until every request was made and answered, or `stop` was called and the last ones are answered."""
        for client in self._clients:
            client.join()

    def _take(self) -> tuple[Request, float] | None:
        with self._lock:
            if self._stop.is_set() or self._taken == self._max_requests:
                return None
            self._taken += 1
            at = max(self._next_at, time.monotonic() - 1.0)  # after a pause: catch up on a second, not on all
            self._next_at = at + self._interval
            return next(self._requests), at

    def _client(self) -> None:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=60)
        while (taken := self._take()) is not None:
            request, at = taken
            self._stop.wait(max(0.0, at - time.monotonic()))
            try:
                self._make(connection, request)
            except OSError as error:
                log.error("%s %s: no answer: %s", request.method, request.path, error)
                connection.close()
        connection.close()

    def _make(self, connection: http.client.HTTPConnection, request: Request) -> None:
        headers = {
            "User-Agent": "trading-app-traffic/1.0",
            "X-User-Id": request.user_id,
            "X-Request-Id": request.request_id,
        }
        body = None
        if request.body is not None:
            body = json.dumps(request.body)
            headers["Content-Type"] = "application/json"
        connection.request(request.method, request.path, body, headers)
        connection.getresponse().read()
        with self._lock:
            self.answered += 1
