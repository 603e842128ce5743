"""How two pages differ, a line for each difference, and which of these are expected."""

import re
from collections import Counter
from dataclasses import dataclass

from page import Key, Page, same


def differences(where: str, ours: Page, theirs: Page):
    """Lines: where, what of which series, `ours` and `theirs`."""
    for side, page in (("ours", ours), ("theirs", theirs)):
        for mistake in page.mistakes:
            yield f"{where}: mistake of {side}: {mistake}"
    for name in sorted(ours.families.keys() | theirs.families.keys()):
        yield from family_differences(f"{where}: family {name}", ours.families.get(name), theirs.families.get(name))
    ours, theirs, common = without_labels_of_one_side(ours, theirs)
    for side, label in common:
        yield f"{where}: label {label} only {side}"
    for key in sorted(ours.samples.keys() | theirs.samples.keys(), key=str):
        yield from sample_differences(f"{where}: series {key}", ours.samples.get(key), theirs.samples.get(key))


def without_labels_of_one_side(ours: Page, theirs: Page) -> tuple[Page, Page, list[tuple[str, str]]]:
    """Both without the labels that are on most series of one and on none of the other: one difference, not many."""
    counts = [Counter(label for key in page.samples for label, _ in key.labels) for page in (ours, theirs)]
    common = []
    for side, (mine, other), page in (("ours", counts, ours), ("theirs", counts[::-1], theirs)):
        common += [
            (side, label) for label, count in mine.items() if label not in other and count > len(page.samples) / 2
        ]
    labels = {label for _, label in common}
    return stripped(ours, labels), stripped(theirs, labels), common


def stripped(page: Page, labels: set[str]) -> Page:
    samples = {
        Key(key.name, tuple(pair for pair in key.labels if pair[0] not in labels)): sample
        for key, sample in page.samples.items()
    }
    return Page(page.families, samples, page.mistakes)


def family_differences(where: str, ours: dict | None, theirs: dict | None):
    if ours is None or theirs is None:
        yield f"{where} only {'theirs' if ours is None else 'ours'}"
        return
    for what in sorted(ours.keys() | theirs.keys()):
        if ours.get(what, "") != theirs.get(what, ""):  # a help that is empty and one that is not there are the same
            yield f"{where}: {what} ours {ours.get(what)!r}, theirs {theirs.get(what)!r}"


def sample_differences(where: str, ours, theirs):
    if ours is None or theirs is None:
        yield f"{where} only {'theirs' if ours is None else 'ours'}"
        return
    for what in ("value", "timestamp", "exemplar"):
        mine, other = getattr(ours, what), getattr(theirs, what)
        if not same(mine, other):
            yield f"{where}: {what} ours {mine!r}, theirs {other!r}"


@dataclass
class Expected:
    """Differences that are meant: an expression for the line, and why."""

    pattern: str
    reason: str
    collector_varies: bool = False  # the Collector itself does now this, now that: there may be no difference at all


def judge(lines: list[str], expected: list[Expected]) -> tuple[list[str], list[tuple[Expected, int]]]:
    """The lines that nothing expects; each expectation with how many lines it covered."""
    counts, unexpected = [0] * len(expected), []
    for line in lines:
        for index, one in enumerate(expected):
            if re.search(one.pattern, line):
                counts[index] += 1
                break
        else:
            unexpected.append(line)
    return unexpected, list(zip(expected, counts, strict=True))
