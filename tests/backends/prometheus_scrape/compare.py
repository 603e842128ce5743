"""Are the series that Sidelight has of each job those that Prometheus has?

    compare.py --prometheus http://127.0.0.1:9090 --otlp metrics.json

Compares for each job of Prometheus the names, labels and values of all series, and type, help and unit of all families.
Exit code: 0 the same, 1 different.
"""

import argparse
import math
import sys
import time
from pathlib import Path

from series import Native, Scraped, ask, last_scrapes, of_otlp, of_prometheus

SHOWN = 5
# Of each scrape its own.
OF_THE_SCRAPE = {"scrape_duration_seconds", "scrape_series_added"}
ABOUT_SCRAPES = OF_THE_SCRAPE | {"up", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling"}
UNITS = {"seconds": "s", "bytes": "By", "percent": "%"}
# Prometheus counts the samples of a page that is over a limit to its end; Sidelight stops there.
COUNTED_TO_THE_LIMIT = {"too_many", "too_long"}
OF_THE_PAGE = {"scrape_samples_scraped", "scrape_samples_post_metric_relabeling"}
# `_created` is a start time in OTLP, and a series in Prometheus.
CREATED = "_created"


def is_same(a: float | Native, b: float | Native) -> bool:
    if isinstance(a, Native) and isinstance(b, Native):
        numbers = zip([a.count, a.sum], [b.count, b.sum], strict=True)
        return (
            all(is_same(x, y) for x, y in numbers)
            and len(a.buckets) == len(b.buckets)
            and all(
                math.isclose(x, y, rel_tol=1e-9, abs_tol=1e-200)
                for one, other in zip(a.buckets, b.buckets, strict=True)
                for x, y in zip(one, other, strict=True)
            )
        )
    if isinstance(a, Native) or isinstance(b, Native):
        return False
    return a == b or (math.isnan(a) and math.isnan(b))


def differences(expected: Scraped, found: Scraped) -> list[str]:
    """What differs, in lines."""
    lines = [f"twice in OTLP: {shown(key)}" for key in found.twice]
    for key, value in sorted(expected.series.items()):
        if key[0].endswith(CREATED) and key not in found.series:
            continue
        if key not in found.series:
            lines.append(f"missing in OTLP: {shown(key)} {value}")
        elif key[0] in OF_THE_PAGE and dict(key[1])["job"] in COUNTED_TO_THE_LIMIT:
            continue
        elif key[0] not in OF_THE_SCRAPE and not is_same(value, found.series[key]):
            lines.append(f"value of {shown(key)}: {value} in Prometheus, {found.series[key]} in OTLP")
    lines += [f"only in OTLP: {shown(key)} {found.series[key]}" for key in sorted(found.series.keys() - expected.series.keys())]
    return lines + differences_of_families(expected, found)


def differences_of_families(expected: Scraped, found: Scraped) -> list[str]:
    lines = []
    for name, (kind, help_text, unit) in sorted(found.families.items()):
        if name in ABOUT_SCRAPES:
            continue
        family = name if name in expected.families else name.removesuffix(suffix_of(name))
        known = expected.families.get(family, ("unknown", "", ""))
        wanted = (known[0], known[1], UNITS.get(known[2], known[2]))
        if (kind, help_text, unit) != wanted:
            lines.append(f"family {name}: {wanted} in Prometheus, {(kind, help_text, unit)} in OTLP")
    return lines


def suffix_of(name: str) -> str:
    """What OpenMetrics adds to the name of a family. A gauge histogram is several metrics in OTLP."""
    suffixes = ("_total", "_info", "_bucket", "_gcount", "_gsum")
    return next((suffix for suffix in suffixes if name.endswith(suffix)), "")


def shown(key) -> str:
    return key[0] + "{" + ",".join(f'{name}="{value}"' for name, value in key[1]) + "}"


def wait(prometheus: str, otlp: Path, seconds: float) -> dict[str, list[dict]]:
    """Returns when both have scraped every job twice, so that nothing is new any more."""
    end = time.monotonic() + seconds
    while True:
        targets = ask(prometheus, "targets")["activeTargets"]
        jobs = {target["labels"]["job"] for target in targets}
        rounds = ask(prometheus, "query", query="count_over_time(up[5m])")["result"]
        scraped = {result["metric"]["job"] for result in rounds if float(result["value"][1]) >= 2}
        if jobs and jobs <= scraped and jobs <= last_scrapes(otlp).keys():
            time.sleep(3)  # one more scrape of each
            return {job: last_scrapes(otlp)[job] for job in sorted(jobs)}
        if time.monotonic() > end:
            sys.exit(f"not scraped in {seconds} s: by Prometheus {jobs - scraped}, by Sidelight {jobs - last_scrapes(otlp).keys()}")
        time.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", required=True)
    parser.add_argument("--otlp", type=Path, required=True)
    given = parser.parse_args()
    failed = 0
    print(f"{'job':<24} {'series':>7} {'native':>7} {'families':>9} {'differences':>12}")
    for job, resources in wait(given.prometheus, given.otlp, 60).items():
        expected, found = of_prometheus(given.prometheus, job), of_otlp(resources)
        lines = differences(expected, found)
        native = sum(isinstance(value, Native) for value in expected.series.values())
        print(f"{job:<24} {len(expected.series):>7} {native:>7} {len(found.families):>9} {len(lines):>12}")
        for line in lines[:SHOWN]:
            print(f"    {line}")
        failed += bool(lines)
    print("all the same" if not failed else f"{failed} jobs differ")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
