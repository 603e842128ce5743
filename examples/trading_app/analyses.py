"""Background analyses: a queue, one worker thread, one span and a handful of log lines each."""

import logging
import queue
import random
import threading
import time
from datetime import UTC, datetime

from opentelemetry import context, trace
from sqlalchemy import func, select

import metrics
from database import Database, Order, StrategyReturn
from logs import business_event, log_context

log = logging.getLogger("strategy")
risk_log = logging.getLogger("risk")
tracer = trace.get_tracer("trading_app", "1.0.0")

# The ways in which such systems write the same figure: both colons, with and without blanks.
DURATION_FORMS = ("耗时: {:.2f} 秒", "耗时：{:.2f} 秒", "耗时:{:.2f}秒", "耗时： {:.2f}秒")
ALERT_DRAWDOWN = -0.15


class Analyses:
    def __init__(self, database: Database, seed: int):
        self._database = database
        self._rng = random.Random(seed)
        self._waiting: queue.Queue = queue.Queue(maxsize=1000)
        self._done = 0
        self._worker = threading.Thread(target=self._work, name="analyses", daemon=True)
        self._worker.start()

    def submit(self, strategy: str, symbol: str) -> None:
        """Runs later, as a child of the current span. Raises queue.Full when 1,000 wait."""
        self._waiting.put_nowait((strategy, symbol, context.get_current(), log_context.get()))

    def finish(self) -> None:
        """Returns when all that was submitted is done."""
        self._waiting.put(None)
        self._worker.join()

    def _work(self) -> None:
        while (job := self._waiting.get()) is not None:
            strategy, symbol, parent, fields = job
            token = context.attach(parent)
            log_context.set({**fields, "strategy_id": strategy})
            try:
                self._analyse(strategy, symbol)
            except Exception:
                log.exception("分析失败: %s %s", strategy, symbol)
            finally:
                context.detach(token)

    def _analyse(self, strategy: str, symbol: str) -> None:
        start = time.perf_counter()
        attributes = {"strategy.name": strategy, "instrument.symbol": symbol}
        with tracer.start_as_current_span("analysis", attributes=attributes) as span:
            with self._database.session.begin() as session:
                average = session.scalar(select(func.avg(Order.price)).where(Order.symbol == symbol)) or 0.0
                span.add_event("orders read", {"average_price": float(average)})
                time.sleep(self._rng.uniform(0.005, 0.05))
                total_return, drawdown = self._rng.gauss(0.05, 0.02), metrics.drawdown_now(strategy)
                now = datetime.now(UTC).replace(tzinfo=None)
                session.add(
                    StrategyReturn(created_at=now, strategy=strategy, total_return=total_return, drawdown=drawdown)
                )
            metrics.business.strategy_analysed(strategy, total_return, drawdown)
            self._report(strategy, symbol, drawdown, time.perf_counter() - start)

    def _report(self, strategy: str, symbol: str, drawdown: float, seconds: float) -> None:
        metrics.analysis_duration.record(seconds, {"strategy_name": strategy})
        took = DURATION_FORMS[self._done % len(DURATION_FORMS)].format(seconds)
        self._done += 1
        log.info("分析完成: %s %s %s", strategy, symbol, took)
        if self._done % 10 == 0:
            risk_log.warning("发现异常: %s 成交量偏离均值 %d 倍", symbol, self._rng.randint(3, 9))
        if drawdown < ALERT_DRAWDOWN:
            risk_log.warning("ALERT drawdown of %s is %.1f %%", strategy, 100 * drawdown)
            business_event("risk_alert", strategy_id=strategy, metric="current_drawdown", value=round(drawdown, 4))
