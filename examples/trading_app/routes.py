"""The HTTP routes: quick and slow ones, quick and slow queries, an N+1, and three kinds of error."""

import logging
import math
import queue
import threading
import time
from datetime import UTC, datetime

from flask import Flask, abort, g, jsonify, request
from opentelemetry import trace
from sqlalchemy import func, select, text
from werkzeug.exceptions import HTTPException

import metrics
from analyses import Analyses
from database import STRATEGIES, SYMBOLS, Database, Instrument, Order, Position
from feed import PriceFeed
from logs import access_line, business_event, log_context, nginx_error_line
from settings import Settings

log = logging.getLogger("trading")
orders_log = logging.getLogger("orders")
cache_log = logging.getLogger("cache")
tracer = trace.get_tracer("trading_app", "1.0.0")


class QuoteCache:
    """Prices by symbol for some seconds. Its log lines alternate between the two languages users write them in."""

    def __init__(self, feed: PriceFeed, keep_seconds: float):
        self._feed = feed
        self._keep_seconds = keep_seconds
        self._lock = threading.Lock()
        self._prices: dict[str, tuple[float, float]] = {}
        self._lookups = 0

    def price(self, symbol: str) -> float:
        with self._lock:
            self._lookups += 1
            in_chinese = self._lookups % 2 == 0
            price, until = self._prices.get(symbol, (0.0, 0.0))
        if time.monotonic() < until:
            metrics.cache_hits.add(1)
            cache_log.info("缓存命中: quote:%s" if in_chinese else "Cache hit quote:%s", symbol)
            return price
        metrics.cache_misses.add(1)
        cache_log.info("缓存未命中: quote:%s" if in_chinese else "Cache MISS quote:%s", symbol)
        price = self._feed.price(symbol)
        with self._lock:
            self._prices[symbol] = (price, time.monotonic() + self._keep_seconds)
        return price


def create_app(settings: Settings, database: Database, analyses: Analyses, feed: PriceFeed) -> Flask:
    app = Flask("trading_app")
    quotes = QuoteCache(feed, settings.cache_seconds)
    _measure_requests(app)
    _add_order_routes(app, database)
    _add_portfolio_routes(app, database)
    _add_report_routes(app, database, settings)

    @app.get("/health")
    def health():
        return jsonify(status="ok")

    @app.get("/api/quotes/<symbol>")
    def quote(symbol: str):
        if symbol not in SYMBOLS:
            abort(404)
        return jsonify(symbol=symbol, price=quotes.price(symbol))

    @app.post("/api/analyses")
    def submit_analysis():
        try:
            analyses.submit(request.json["strategy"], request.json["symbol"])
        except queue.Full:
            abort(503)
        return jsonify(status="accepted"), 202

    @app.get("/api/strategies/<name>/sharpe")
    def sharpe(name: str):
        if name not in STRATEGIES:
            abort(404)
        deviation = 0.0 if name == "pairs" else 0.12  # a strategy that never moved: the bug that makes a 500
        return jsonify(strategy=name, sharpe=0.08 / deviation * math.sqrt(252))

    return app


def _measure_requests(app: Flask) -> None:
    @app.before_request
    def begin():
        g.start = time.perf_counter()
        metrics.active_connections.add(1)
        log_context.set(
            {"request_id": request.headers.get("X-Request-Id", "-"), "user_id": request.headers.get("X-User-Id", "-")}
        )
        log.info("API 调用: %s %s", request.method, request.path)

    @app.after_request
    def end(response):
        seconds = time.perf_counter() - g.start
        endpoint = request.url_rule.rule if request.url_rule else "unknown"
        metrics.active_connections.add(-1)
        metrics.http_requests.add(
            1, {"method": request.method, "endpoint": endpoint, "status": str(response.status_code)}
        )
        metrics.http_duration.record(seconds, {"method": request.method, "endpoint": endpoint})
        line = (request.remote_addr or "-", request.method, request.full_path.rstrip("?"), response.status_code)
        access_line(*line, response.content_length or 0, seconds, request.headers.get("User-Agent", "-"))
        if response.status_code >= 500:
            nginx_error_line(*line, request.host)
        return response

    # An exception that nobody handles is left to Flask, which logs it with its stack trace under the name of the
    # application, and to the Flask instrumentation, which records it on the span.
    @app.errorhandler(HTTPException)
    def refused(error: HTTPException):
        if error.code < 500:
            log.warning("%s %s: %s", request.method, request.path, error)
        return jsonify(error=error.name), error.code


def _add_order_routes(app: Flask, database: Database) -> None:
    @app.get("/api/orders")
    def list_orders():
        with database.session() as session:
            newest = session.scalars(select(Order).order_by(Order.id.desc()).limit(20)).all()
            return jsonify([{"id": o.id, "symbol": o.symbol, "side": o.side, "status": o.status} for o in newest])

    @app.get("/api/orders/<int:order_id>")
    def one_order(order_id: int):
        with database.session() as session:
            order = session.get(Order, order_id)
            if order is None:
                abort(404)
            return jsonify(id=order.id, symbol=order.symbol, status=order.status)

    @app.post("/api/orders")
    def place_order():
        wanted = request.json
        # Decided by the request alone, so that the same seed gives the same outcomes.
        status = "rejected" if wanted["quantity"] > 900 else "cancelled" if wanted["quantity"] < 20 else "filled"
        with database.session.begin() as session:
            instrument = session.get_one(Instrument, wanted["symbol"])
            order = Order(
                created_at=datetime.now(UTC).replace(tzinfo=None),
                symbol=instrument.symbol,
                side=wanted["side"],
                quantity=wanted["quantity"],
                price=instrument.last_price,
                status=status,
            )
            session.add(order)
            session.flush()
            order_id, price = order.id, order.price
        sign = 1 if wanted["side"] == "sell" else -1
        metrics.business.order_done(sign * 0.001 * price * wanted["quantity"], status == "filled")
        metrics.orders.add(1, {"symbol": wanted["symbol"], "side": wanted["side"], "status": status})
        business_event(
            f"order_{status}",
            order_id=order_id,
            symbol=wanted["symbol"],
            side=wanted["side"],
            quantity=wanted["quantity"],
            price=price,
        )
        if status == "rejected":
            orders_log.error("order %d rejected: %d is above the limit of 900", order_id, wanted["quantity"])
        return jsonify(id=order_id, status=status), 201


def _add_portfolio_routes(app: Flask, database: Database) -> None:
    @app.get("/api/portfolio")
    def portfolio():
        value = func.sum(Position.quantity * Instrument.last_price)
        with database.session() as session:
            rows = session.execute(select(Position.strategy, value).join(Instrument).group_by(Position.strategy)).all()
            return jsonify({strategy: total for strategy, total in rows})

    @app.get("/api/portfolio/positions")
    def positions():
        with database.session() as session:
            held = session.scalars(select(Position).where(Position.strategy == "momentum")).all()
            # The N+1: each position fetches its instrument with a statement of its own.
            return jsonify([{"symbol": p.symbol, "value": p.quantity * p.instrument.last_price} for p in held])


def _add_report_routes(app: Flask, database: Database, settings: Settings) -> None:
    @app.get("/api/reports/daily")
    def daily_report():
        with tracer.start_as_current_span("render report", attributes={"report.pages": 12}):
            time.sleep(settings.slow_route_seconds)
        return jsonify(report="daily")

    @app.get("/api/reports/risk")
    def risk_report():
        seconds = request.args.get("seconds", settings.slow_query_seconds, float)
        with database.session() as session:
            database.slow_query(session, min(seconds, 30.0))
        return jsonify(report="risk")

    @app.get("/api/reports/legacy")
    def legacy_report():
        with database.session() as session:  # the table was dropped, the route was forgotten
            return jsonify(session.scalar(text("SELECT count(*) FROM report_archive")))
