#!/usr/bin/env python3
"""totals.py <log>: the figures of a log as a script reads them, as JSON. It knows nothing of Sidelight."""

import collections
import json
import re
import sys


def records(text):
    """Records begin with a date; lines that do not belong to the one before."""
    return re.split(r"\n(?=\d{4}-\d{2}-\d{2} )", text.rstrip("\n"))


def totals(text):
    total = collections.Counter()
    durations, errors, orders, quantity, exposure = [], collections.Counter(), collections.Counter(), collections.Counter(), None
    for record in records(text):
        total["app.log.records"] += 1
        event = re.search(r"BUSINESS_EVENT: (\{.*\})", record)
        if event:
            event = json.loads(event[1])
            if event["event_type"] == "order":
                orders[f'{event["side"]} {event["status"]} {event["symbol"]}'] += 1
                quantity[event["symbol"]] += event["quantity"]
            else:
                exposure = event["exposure"]
        total["app.analyses"] += bool(re.search(r"分析完成|analysis complete", record, re.I))
        duration = re.search(r"耗时\s*[::]\s*(\d+(?:\.\d+)?)\s*秒", record)
        if duration:
            durations.append(float(duration[1]))
        if " - ERROR - " in record:
            message = record.split(" - ERROR - ", 1)[1].split("\n")[0]
            errors[re.sub(r"\d+", "N", message)] += 1
        total["app.cache.hits"] += bool(re.search(r"cache\s+hit|缓存命中", record, re.I))
        total["app.cache.misses"] += bool(re.search(r"cache\s+miss|缓存未命中", record, re.I))
        total["app.api.calls"] += bool(re.search(r"API (call|request)|调用\s*API", record, re.I))
        total["app.alerts"] += bool(re.search(r"发现异常|ALERT", record))
    bounds = [0.1, 0.25, 0.5, 1, 2.5, 5]
    buckets = [0] * (len(bounds) + 1)
    for value in durations:
        buckets[next((nth for nth, bound in enumerate(bounds) if value <= bound), len(bounds))] += 1
    return {
        "counts": dict(total),
        "durations": {"count": len(durations), "sum": sum(durations), "min": min(durations), "max": max(durations), "buckets": buckets},
        "hit_ratio": total["app.cache.hits"] / (total["app.cache.hits"] + total["app.cache.misses"]),
        "errors by type": sorted(errors.values(), reverse=True),
        "orders": dict(orders),
        "quantity": dict(quantity),
        "exposure": exposure,
    }


if __name__ == "__main__":
    print(json.dumps(totals(open(sys.argv[1], encoding="utf-8").read()), ensure_ascii=False, indent=2))
