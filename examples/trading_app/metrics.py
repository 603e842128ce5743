"""Business metrics through the OpenTelemetry metrics API, under the names that trading systems' dashboards use."""

import math
import os
import threading
import time

from opentelemetry.metrics import CallbackOptions, Observation, get_meter

from database import STRATEGIES

meter = get_meter("trading_app", "1.0.0")

http_requests = meter.create_counter("http_requests_total", "{request}", "HTTP requests served")
http_duration = meter.create_histogram(
    "http_request_duration_seconds",
    "s",
    "Time to serve an HTTP request",
    explicit_bucket_boundaries_advisory=[0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
)
active_connections = meter.create_up_down_counter("active_connections_total", "{connection}", "Requests being served")
orders = meter.create_counter("orders_total", "{order}", "Orders by outcome")
cache_hits = meter.create_counter("cache_hits_total", "{lookup}", "Quotes answered from the cache")
cache_misses = meter.create_counter("cache_misses_total", "{lookup}", "Quotes fetched from the price feed")
analysis_duration = meter.create_histogram("analysis_duration_seconds", "s", "Time of a completed background analysis")


class Business:
    """Current values that are read when the SDK collects. Safe to use from several threads."""

    def __init__(self):
        self._lock = threading.Lock()
        self._portfolio_value = 1_000_000.0
        self._orders = 0
        self._filled = 0
        self._strategies = {name: (0.0, 0.0) for name in STRATEGIES}  # total return, drawdown (≤ 0)

    def order_done(self, cash: float, filled: bool) -> None:
        with self._lock:
            self._orders += 1
            self._filled += filled
            if filled:
                self._portfolio_value += cash

    def strategy_analysed(self, name: str, total_return: float, drawdown: float) -> None:
        with self._lock:
            self._strategies[name] = (total_return, drawdown)

    def portfolio_value(self, _: CallbackOptions):
        with self._lock:
            yield Observation(self._portfolio_value)

    def strategy_performance(self, _: CallbackOptions):
        with self._lock:
            strategies = dict(self._strategies)
            execution_rate = self._filled / self._orders if self._orders else 1.0
        for name, (total_return, drawdown) in strategies.items():
            values = {"total_return": total_return, "current_drawdown": drawdown, "execution_rate": execution_rate}
            for metric_type, value in values.items():
                yield Observation(value, {"strategy_name": name, "metric_type": metric_type})


class _Cpu:
    """CPU use of the machine between two readings of /proc/stat, in percent."""

    def __init__(self):
        self._before = self._read()

    @staticmethod
    def _read() -> tuple[int, int]:
        with open("/proc/stat", encoding="ascii") as stat:
            ticks = [int(t) for t in stat.readline().split()[1:9]]  # user … steal; guest time is within user
        return sum(ticks), ticks[3] + ticks[4]  # all, idle + iowait

    def percent(self, _: CallbackOptions):
        total, idle = self._read()
        past_total, past_idle = self._before
        self._before = total, idle
        if total > past_total:
            yield Observation(100.0 * (1 - (idle - past_idle) / (total - past_total)))


def _memory_percent(_: CallbackOptions):
    with open("/proc/meminfo", encoding="ascii") as meminfo:
        kilobytes = {line.split(":")[0]: int(line.split()[1]) for line in meminfo}
    yield Observation(100.0 * (1 - kilobytes["MemAvailable"] / kilobytes["MemTotal"]))


business = Business()


def register_observed_values() -> None:
    meter.create_observable_gauge(
        "portfolio_value_total", [business.portfolio_value], "{USD}", "Value of all positions"
    )
    # No unit: with "1" Prometheus would call it strategy_performance_ratio, which rules and dashboards do not know.
    meter.create_observable_gauge(
        "strategy_performance", [business.strategy_performance], "", "Return, drawdown, execution rate by strategy"
    )
    if os.path.exists("/proc/stat"):
        meter.create_observable_gauge("system_cpu_percent", [_Cpu().percent], "%", "CPU use of the machine")
        meter.create_observable_gauge("system_memory_percent", [_memory_percent], "%", "Memory use of the machine")


def drawdown_now(strategy: str) -> float:
    """`grid` swings between 0 and -25 % every four minutes, so a rule on -15 % fires and recovers; others stay calm."""
    if strategy != "grid":
        return -0.02
    return -0.125 * (1 - math.cos(2 * math.pi * time.monotonic() / 240))
