"""prometheus_names.sh <sidelight>: does Prometheus see the same metrics from Sidelight as from the Collector?

Both get one configuration and the same OTLP: every type of metric, odd names, units, labels and values. What
their `prometheus` exporters show is compared series by series in text, OpenMetrics and protobuf, under every
naming strategy; and what a Prometheus holds after `prometheus_remote_write`. A difference that expected.py does
not explain fails, and so does an explanation that explains nothing.

  --only pages|remote-write  one of the two
  --collector-twice          the Collector in Sidelight's place: no difference may be found
  --show                     print what the Collector shows, compare nothing
  --keep FOLDER              logs and pages stay there
"""

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

import cases
from differences import differences, judge
from expected import EXPECTED
from programs import Side


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sidelight", nargs="?")
    parser.add_argument("--only", choices=["pages", "remote-write"])
    parser.add_argument("--collector-twice", action="store_true")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--keep", type=Path)
    given = parser.parse_args(arguments)
    if not (given.sidelight or given.collector_twice or given.show):
        parser.error("which Sidelight?")
    return given


def seen(side: Side) -> dict:
    pages = side.pages() if side.variants else {}
    if side.remote_write:
        pages["remote write"] = side.written(time.time())
    return pages


def show(pages: dict) -> None:
    for where, page in pages.items():
        print(f"== {where}")
        for name, family in page.families.items():
            print(f"family {name} {family}")
        for key, sample in sorted(page.samples.items(), key=lambda item: str(item[0])):
            print(key, sample.value, sample.timestamp or "", sample.exemplar or "")


def compare(ours: dict, theirs: dict, expected: list, only: str | None) -> bool:
    lines = [line for where in ours for line in differences(where, ours[where], theirs[where])]
    unexpected, explained = judge(lines, expected)
    for one, count in explained:
        print(f"{'ok  ' if count or one.collector_varies or only else 'FAIL'} {count} expected: {one.reason}")
    for line in unexpected:
        print(f"FAIL {line}")
    series = sum(len(page.samples) for page in theirs.values())
    print(f"== {series} series on {len(theirs)} pages: {len(unexpected)} unexpected differences")
    # With one part alone some explanations have nothing to explain.
    return not unexpected and all(count or one.collector_varies or only for one, count in explained)


def main(arguments: list[str]) -> int:
    given = parse(arguments)
    collector = [os.environ["COLLECTOR"]]
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        sides = []
        try:
            what = {"with_pages": given.only != "remote-write", "remote_write": given.only != "pages"}
            sides.append(Side("collector", collector, folder / "collector", **what))
            if not given.show:
                program = collector if given.collector_twice else [given.sidelight]
                sides.append(Side("sidelight", program, folder / "sidelight", **what))
            for request in cases.requests():
                for side in sides:
                    side.feed(request)
            theirs, *ours = map(seen, sides)
        finally:
            for side in sides:
                side.end()
    if given.show:
        show(theirs)
        return 0
    expected = [one for one in EXPECTED if one.collector_varies or not given.collector_twice]
    return 0 if compare(ours[0], theirs, expected, given.only) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
