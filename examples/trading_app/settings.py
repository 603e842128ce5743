"""What can be set from outside: environment variables, and `--requests` / `--seconds` on the command line."""

import argparse
import os
from dataclasses import dataclass
from pathlib import Path


def _database_url(given: str | None, data_dir: Path) -> str:
    if not given:
        return f"sqlite:///{data_dir / 'trading.db'}"
    for prefix in ("postgres://", "postgresql://"):
        if given.startswith(prefix):  # name the driver that requirements.txt installs
            return "postgresql+psycopg://" + given.removeprefix(prefix)
    return given


@dataclass(frozen=True)
class Settings:
    port: int  # 0: any free port
    data_dir: Path  # the SQLite file
    log_dir: Path
    database_url: str
    seed: int  # the same seed makes the same requests in the same order
    requests_per_second: float  # 0: as fast as the clients can
    clients: int  # threads that make requests
    max_requests: int | None  # None: until a signal or max_seconds
    max_seconds: float | None
    slow_query_seconds: float
    slow_route_seconds: float
    cache_seconds: float  # how long a quote stays in the cache


def read_settings(arguments: list[str]) -> Settings:
    parser = argparse.ArgumentParser(description="A small trading application that makes its own traffic.")
    env = os.environ.get
    parser.add_argument(
        "--requests", type=int, default=env("APP_REQUESTS"), help="end after exactly this many requests (0: none)"
    )
    parser.add_argument("--seconds", type=float, default=env("APP_SECONDS"), help="end after this time")
    parser.add_argument("--rate", type=float, default=env("APP_RATE", "10"), help="requests per second; 0: no limit")
    parser.add_argument("--seed", type=int, default=env("APP_SEED", "1"))
    parser.add_argument("--port", type=int, default=env("APP_PORT", "8000"), help="0: any free one")
    given = parser.parse_args(arguments)
    data_dir = Path(env("APP_DATA_DIR", "var/trading_app")).absolute()
    return Settings(
        port=given.port,
        data_dir=data_dir,
        log_dir=Path(env("APP_LOG_DIR", str(data_dir / "log"))).absolute(),
        database_url=_database_url(env("DATABASE_URL"), data_dir),
        seed=given.seed,
        requests_per_second=given.rate,
        clients=int(env("APP_CLIENTS", "2")),
        max_requests=given.requests,
        max_seconds=given.seconds,
        slow_query_seconds=float(env("APP_SLOW_QUERY_SECONDS", "1.2")),
        slow_route_seconds=float(env("APP_SLOW_ROUTE_SECONDS", "0.6")),
        cache_seconds=float(env("APP_CACHE_SECONDS", "2")),
    )
