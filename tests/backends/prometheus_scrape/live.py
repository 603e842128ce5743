"""Does what the jobs of examples/prometheus_scrape are known for arrive in Prometheus, and are all of them up?

    live.py --prometheus http://127.0.0.1:9090
"""

import argparse
import sys
import time

from series import ask

EXPECTED = {
    "trading-application": "prometheus_build_info",
    "node": "node_load1",
    "mysql": "mysql_up == 1",
    "postgresql": "pg_up == 1",
    "redis": "redis_up == 1",
    "nginx": "nginx_up == 1",
}
ABSENT = {"node": '{__name__=~"go_.*|process_.*"}'}
SECONDS = 60


def job_of(query: str, prometheus: str) -> set[str]:
    return {result["metric"].get("job", "") for result in ask(prometheus, "query", query=query)["result"]}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prometheus", required=True)
    prometheus = parser.parse_args().prometheus
    end, missing = time.monotonic() + SECONDS, set(EXPECTED)
    while missing and time.monotonic() < end:
        up = job_of("up == 1", prometheus)
        missing = {job for job, query in EXPECTED.items() if job not in up or job not in job_of(query, prometheus)}
        time.sleep(0.5)
    unwanted = {job for job, query in ABSENT.items() if job in job_of(query, prometheus)}
    for job, query in EXPECTED.items():
        print(f"live: {job:<20} {query:<24} {'missing' if job in missing else 'not dropped' if job in unwanted else 'ok'}")
    sys.exit(bool(missing | unwanted))


if __name__ == "__main__":
    main()
