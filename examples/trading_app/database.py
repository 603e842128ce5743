"""Tables, their first content, and queries. SQLite unless DATABASE_URL names a PostgreSQL server."""

import random
import time
from datetime import UTC, datetime

from sqlalchemy import ForeignKey, create_engine, event, func, insert, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship, sessionmaker

SYMBOLS = {"AAPL": 228.0, "MSFT": 421.0, "NVDA": 141.0, "600519": 1550.0, "000001": 11.4, "300750": 262.0}
STRATEGIES = ("momentum", "mean_reversion", "grid", "pairs")


class Base(DeclarativeBase):
    pass


class Instrument(Base):
    __tablename__ = "instruments"
    symbol: Mapped[str] = mapped_column(primary_key=True)
    last_price: Mapped[float]


class Position(Base):
    __tablename__ = "positions"
    id: Mapped[int] = mapped_column(primary_key=True)
    symbol: Mapped[str] = mapped_column(ForeignKey("instruments.symbol"))
    strategy: Mapped[str]
    quantity: Mapped[int]
    instrument: Mapped[Instrument] = relationship()  # loaded on first use: what makes an N+1 possible


class Order(Base):
    __tablename__ = "orders"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    symbol: Mapped[str] = mapped_column(ForeignKey("instruments.symbol"), index=True)
    side: Mapped[str]
    quantity: Mapped[int]
    price: Mapped[float]
    status: Mapped[str]


class StrategyReturn(Base):
    __tablename__ = "strategy_returns"
    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    strategy: Mapped[str] = mapped_column(index=True)
    total_return: Mapped[float]
    drawdown: Mapped[float]


class Database:
    def __init__(self, url: str):
        is_sqlite = url.startswith("sqlite")
        self.engine = create_engine(url, connect_args={"timeout": 30} if is_sqlite else {})
        if is_sqlite:
            event.listen(self.engine, "connect", _sqlite_readers_do_not_wait_for_writers)
        self.session: sessionmaker[Session] = sessionmaker(self.engine)
        self._is_sqlite = is_sqlite
        self._rows_per_second = 1.0

    def prepare(self, seed: int) -> None:
        """Creates the tables, fills them once, and measures how many rows make a second of slow query."""
        Base.metadata.create_all(self.engine)
        with self.session.begin() as session:
            if session.scalar(select(func.count()).select_from(Instrument)) == 0:
                _fill(session, random.Random(seed))
        if self._is_sqlite:
            self._rows_per_second = max(self._measure_rows_per_second() for _ in range(3))

    def _measure_rows_per_second(self) -> float:
        rows = 50_000
        start = time.perf_counter()
        with self.session() as session:
            session.execute(_SQLITE_SLOW, {"rows": rows}).all()
        return rows / (time.perf_counter() - start)

    def slow_query(self, session: Session, seconds: float) -> None:
        """A statement that keeps the database busy for about that long: real work in SQLite, a sleep in PostgreSQL."""
        if self._is_sqlite:
            session.execute(_SQLITE_SLOW, {"rows": max(1, int(seconds * self._rows_per_second))}).all()
        else:
            session.execute(text("SELECT pg_sleep(:seconds)"), {"seconds": seconds}).all()


_SQLITE_SLOW = text(
    "WITH RECURSIVE path(step, value) AS ("
    " SELECT 1, 100.0 UNION ALL"
    " SELECT step + 1, value * 1.0001 FROM path WHERE step < :rows)"
    " SELECT max(value), avg(value) FROM path"
)


def _sqlite_readers_do_not_wait_for_writers(connection, _record) -> None:
    connection.execute("PRAGMA journal_mode=WAL")


def _fill(session: Session, rng: random.Random) -> None:
    now = datetime.now(UTC).replace(tzinfo=None)
    session.add_all(Instrument(symbol=s, last_price=p) for s, p in SYMBOLS.items())
    session.flush()
    for strategy in STRATEGIES:
        for symbol in SYMBOLS:
            session.add(Position(symbol=symbol, strategy=strategy, quantity=rng.randrange(100, 1000, 100)))
    past_orders = []
    for _ in range(200):
        symbol = rng.choice(list(SYMBOLS))
        past_orders.append(
            {
                "created_at": now,
                "symbol": symbol,
                "side": rng.choice(("buy", "sell")),
                "quantity": rng.randrange(100, 1000, 100),
                "price": SYMBOLS[symbol],
                "status": "filled",
            }
        )
    session.execute(insert(Order), past_orders)  # one statement, one span
