"""A small trading application that makes its own traffic. Start it with run.sh; README.md says what it shows.

Nothing here sets up OpenTelemetry: `opentelemetry-instrument` does, from OTEL_* variables.
"""

import logging
import signal
import sys
import threading

from opentelemetry import metrics as otel_metrics
from opentelemetry import trace
from opentelemetry._logs import get_logger_provider
from werkzeug.serving import make_server

import metrics
from analyses import Analyses
from database import Database
from feed import PriceFeed
from logs import set_up_logs
from routes import create_app
from settings import read_settings
from traffic import Traffic

log = logging.getLogger("app")


def main() -> int:
    settings = read_settings(sys.argv[1:])
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    set_up_logs(settings.log_dir)
    done, asked_by = threading.Event(), []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: (asked_by.append(received), done.set()))

    database = Database(settings.database_url)
    database.prepare(settings.seed)
    metrics.register_observed_values()
    feed = PriceFeed()
    analyses = Analyses(database, settings.seed)
    server = make_server("127.0.0.1", settings.port, create_app(settings, database, analyses, feed), threaded=True)
    threading.Thread(target=server.serve_forever, name="http-server", daemon=True).start()
    print(f"trading_app: listening on http://127.0.0.1:{server.server_port}, logs in {settings.log_dir}", flush=True)

    traffic = Traffic(
        server.server_port, settings.seed, settings.requests_per_second, settings.clients, settings.max_requests
    )
    traffic.start()
    threading.Thread(target=lambda: (traffic.wait(), done.set()), name="traffic-end", daemon=True).start()
    done.wait(settings.max_seconds)

    if asked_by:
        log.info("收到停止信号 %s", signal.Signals(asked_by[0]).name)
    log.info("正在清理资源")
    traffic.stop()
    traffic.wait()
    server.shutdown()
    analyses.finish()
    feed.close()
    database.engine.dispose()
    log.info("已关闭")
    _flush_telemetry()
    print(f"trading_app: {traffic.answered} requests answered", flush=True)
    missed = settings.max_requests is not None and traffic.answered != settings.max_requests
    return 1 if missed and not asked_by else 0


def _flush_telemetry() -> None:
    """Sends what the SDK still holds. Providers without an SDK behind them have nothing to flush."""
    for provider in (trace.get_tracer_provider(), get_logger_provider(), otel_metrics.get_meter_provider()):
        if hasattr(provider, "force_flush"):
            provider.force_flush()


if __name__ == "__main__":
    sys.exit(main())
