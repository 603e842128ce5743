#!/usr/bin/env python3
"""make_log.py <records> [seed]: a log of a trading application, the same for the same seed, on standard output."""

import datetime
import json
import random
import sys


def record(chance, when):
    """One record, most of one line."""
    symbol = chance.choice(["BTC/USDT", "ETH/USDT", "SOL/USDT"])
    number = chance.randint(1, 99999)
    colon, before, after = chance.choice(":："), chance.choice(["", " ", "  "]), chance.choice(["", " "])
    seconds = f"{chance.uniform(0.01, 8):.{chance.choice([0, 1, 2, 3])}f}"
    stack = '\nTraceback (most recent call last):\n  File "engine.py", line 7, in run\nRuntimeError: 耗时: 9.9 秒'
    kind, message = chance.choice([
        ("INFO", f"{symbol} 分析完成, 耗时{before}{colon}{after}{seconds}{before}秒"),
        ("INFO", f"Analysis complete for {symbol} in round {number}"),
        ("INFO", f"耗时{colon}{after}未知 秒"),
        ("DEBUG", f"{chance.choice(['Cache HIT', 'cache hit', 'CACHE  hit', '缓存命中'])}: {symbol}/{number}"),
        ("DEBUG", f"{chance.choice(['Cache MISS', 'cache miss', '缓存未命中'])}: {symbol}/{number}"),
        ("INFO", f"{chance.choice(['API call', 'api request', '调用API', '调用 API'])} /v1/klines?limit={number}"),
        ("WARNING", f"{chance.choice(['发现异常', 'ALERT'])}: {symbol} moved {seconds}%"),
        ("ERROR", f"order {number} failed: timeout after {chance.randint(1, 900)} ms"),
        ("ERROR", f"connection to 10.0.{chance.randint(0, 255)}.7:5432 refused"),
        ("ERROR", "database is locked" + chance.choice(["", stack])),
        ("INFO", "no error, no ERROR word as a level - just text"),
        ("INFO", "BUSINESS_EVENT: " + json.dumps({
            "event_type": "order", "symbol": symbol, "side": chance.choice(["buy", "sell"]),
            "status": chance.choice(["filled", "rejected"]), "quantity": chance.randint(1, 64) / 8})),
        ("INFO", "BUSINESS_EVENT: " + json.dumps({"event_type": "risk", "exposure": number / 4})),
    ])
    return f"{when:%Y-%m-%d %H:%M:%S},{number % 1000:03d} - trading.engine - {kind} - {message}"


def main():
    records, seed = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1
    chance, when = random.Random(seed), datetime.datetime(2026, 11, 20, 9, 30)
    for _ in range(records):
        when += datetime.timedelta(milliseconds=chance.randint(1, 2000))
        print(record(chance, when))


if __name__ == "__main__":
    main()
