"""From raw results to the table: medians over the rounds, ratios of runs of the same round."""

from statistics import median

from .rows import Row

OURS = "sidelight"


def good(runs: list[dict]) -> list[dict]:
    return [run for run in runs if not run.get("void")]


def spread(values: list[float], form: str) -> str:
    """Median, and lowest to highest where there are several."""
    text = form.format(median(values))
    if len(values) > 1:
        text += f" ({form.format(min(values))}–{form.format(max(values))})"
    return text


def ratios(ours: list[dict], theirs: list[dict]) -> list[float]:
    """Of items per CPU-second, round by round; a round in which either is void counts for nothing."""
    return [a["items_per_cpu_s"] / b["items_per_cpu_s"]
            for a, b in zip(ours, theirs) if not a.get("void") and not b.get("void")]


def cell(row: Row, runs: list[dict], direct: list[dict]) -> str:
    """What the table says of one program on one row."""
    if not runs:
        return "–"
    if "cannot" in runs[0]:
        return f"– ({runs[0]['cannot']})"
    if row.kind == "overload":
        return overload(runs)
    kept = good(runs)
    if not kept:
        return "void: " + short(runs[-1]["void"][0])
    if row.kind == "steady":
        return steady(kept, good(direct))
    if row.kind == "tail":
        return tail(kept)
    million = spread([run["items_per_cpu_s"] / 1e6 for run in kept], "{:.2f}")
    cost = median(run["cpu_s_per_million"] for run in kept)
    note = "" if len(kept) == len(runs) else f"; {len(runs) - len(kept)} void"
    return f"{million} M/CPU-s; {cost:.2f} CPU-s/M; RSS {memory(kept)}{on_disk(row, kept)}{note}"


def tail(runs: list[dict]) -> str:
    million = spread([run["items_per_cpu_s"] / 1e6 for run in runs], "{:.2f}")
    megabytes = median(run["mb_per_cpu_s"] for run in runs)
    return f"{million} M/CPU-s; {megabytes:.0f} MB/CPU-s; RSS {max(run['peak_rss_mib'] for run in runs):.0f} MiB"


def on_disk(row: Row, runs: list[dict]) -> str:
    """What a queue on disk leaves there; where it is synced, acknowledgements a second beside what the disk gives alone."""
    if not row.storage:
        return ""
    text = f"; {max(run['left_on_disk'] for run in runs) / 1e6:.1f} MB left on disk"
    if row.storage == "fsync":
        text += f"; {median(run['acked_items_per_s'] for run in runs) / row.items:.0f} answers/s"
        text += f" (the disk: {median(run['raw_syncs_per_s'] for run in runs):.0f} syncs/s of that size)"
    return text


def memory(runs: list[dict]) -> str:
    idle = median(run["memory_mib"]["idle_rss"] for run in runs)
    peak = max(run["memory_mib"]["peak_rss"] for run in runs)
    return f"{idle:.0f} / {peak:.0f} MiB"


def steady(runs: list[dict], direct: list[dict]) -> str:
    text = spread([run["cpu_percent_of_one_core"] for run in runs], "{:.1f}") + " % of a core"
    for name in ("p50", "p99"):
        through = median(run["latency_ms"][name] for run in runs)
        if direct:
            text += f"; {name} +{through - median(run['latency_ms'][name] for run in direct):.2f} ms"
        else:
            text += f"; {name} {through:.2f} ms"
    return text


def overload(runs: list[dict]) -> str:
    """Memory is the figure here: it counts even where the collector outgrew its limit or lost something."""
    measured = [run for run in runs if "memory_mib" in run]
    if not measured:
        return "void: " + short(runs[-1]["void"][0])
    highest = max(run["memory_mib"]["highest_rss"] for run in measured)
    anon = max(run["memory_mib"]["highest_anon"] for run in measured)
    idle = median(run["memory_mib"]["idle_rss"] for run in measured)
    text = f"{idle:.0f} → {highest:.0f} MiB (anonymous {anon:.0f})"
    reasons = {short(reason) for run in measured for reason in run.get("void", [])}
    return text + "".join(f"; {reason}" for reason in sorted(reasons))


def short(reason: str) -> str:
    reason = reason.replace("|", "/").replace("\n", " ")
    return reason if len(reason) <= 120 else reason[:117] + "…"


def lines(rows: list[Row], programs: list[str], raw: dict, facts: dict) -> list[str]:
    """The table in Markdown; `raw[row][program]` are the runs in the order of the rounds."""
    shown = [name for name in programs if name != "control"]
    peers = [name for name in shown if name != OURS] if OURS in shown else []
    out = ["| work | " + " | ".join(shown + [f"× {name}" for name in peers]) + " |",
           "|---|" + "---|" * (len(shown) + len(peers))]
    for row in rows:
        runs = raw.get(row.key, {})
        cells = [cell(row, runs.get(name, []), runs.get("direct", [])) for name in shown]
        for name in peers:
            of = ratios(runs.get(OURS, []), runs.get(name, [])) if row.kind in ("saturation", "durable", "tail") else []
            cells.append(spread(of, "{:.1f}") if of else "–")
        out.append(f"| {row.title} | " + " | ".join(cells) + " |")
    out += [fact_line(title, key, form, shown, facts, len(peers)) for title, key, form in FACTS]
    return out


FACTS = [("RSS idle (anonymous), listening", "idle", "{}"), ("start to listening", "startup_ms", "{:.0f} ms"),
         ("stripped binary", "binary_mb", "{:.1f} MB")]


def fact_line(title: str, key: str, form: str, names: list[str], facts: dict, empty: int) -> str:
    cells = [form.format(facts[name][key]) if facts[name].get(key) is not None else "–" for name in names]
    return f"| {title} | " + " | ".join(cells + ["–"] * empty) + " |"


def facts_of(raw: dict, name: str) -> dict:
    """What is the same on every row: idle memory and time to start, over all runs of a program."""
    runs = [run for row in raw.values() for run in row.get(name, []) if run.get("memory_mib")]
    if not runs:
        return {}
    rss = median(run["memory_mib"]["idle_rss"] for run in runs)
    anon = median(run["memory_mib"]["idle_anon"] for run in runs)
    return {"idle": f"{rss:.1f} ({anon:.1f}) MiB", "startup_ms": median(run["startup_ms"] for run in runs)}


def control_line(raw: dict) -> str | None:
    """How far the first program is from itself."""
    of = [ratio for row in raw.values() for ratio in ratios(row.get(OURS, []), row.get("control", []))]
    if not of:
        return None
    worst = max(abs(ratio - 1) for ratio in of) * 100
    verdict = "" if worst <= 5 else ": above 5 %, the machine was too noisy to trust small differences"
    return f"A/A control: {spread(of, '{:.3f}')} × itself{verdict}"


def compare(before: dict, after: dict) -> list[str]:
    """Two result files, side by side."""
    out = ["| work | program | before, items/CPU-s | after | change |", "|---|---|--:|--:|--:|"]
    for key, programs in after["raw"].items():
        for name, runs in programs.items():
            pair = [[run["items_per_cpu_s"] for run in good(some) if "items_per_cpu_s" in run]
                    for some in (before["raw"].get(key, {}).get(name, []), runs)]
            if all(pair):
                a, b = map(median, pair)
                out.append(f"| {key} | {name} | {a:,.0f} | {b:,.0f} | {(b / a - 1) * 100:+.1f} % |")
    return out
