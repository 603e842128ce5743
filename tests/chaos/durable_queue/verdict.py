"""What is judged: what the sender and the sink know by themselves, then the program's own account."""

import time

# How long the program may take until its account stands still after everything has arrived, seconds.
STILL = 10


class Failed(Exception):
    """A promise was not kept; the text says which, in figures."""


class LeftOut(Exception):
    """This machine does not allow the step; the text says why."""


def ensure(holds: bool, what: str) -> None:
    if not holds:
        raise Failed(what)


def nothing_lost(check: dict) -> None:
    """Acknowledged ids ⊆ arrived ids; nothing changed, nothing invented."""
    ensure(check["lost"] == 0, f"{check['lost']:,} of {check['acked']:,} acknowledged items were lost, "
           f"ids {check['first_lost']} to {check['last_lost']}")
    ensure(check["changed"] == 0, f"{check['changed']:,} items were changed: {str(check['first_change'])[:200]}")
    ensure(check["malformed"] == 0, f"{check['malformed']:,} requests that cannot be read arrived")
    ensure(check["never_sent"] == 0, f"{check['never_sent']:,} items arrived that nobody sent")
    ensure(check["acked"] > 0, f"nothing was acknowledged: {check['last_error']}")


def ledger_agrees(program, check: dict, lost: int = 0) -> str:
    """The exporter's row says what the sink saw: every item once, nothing left, nothing unaccounted for."""
    if not program.keeps_ledger:
        return "no ledger to compare"
    end = time.monotonic() + STILL
    while True:
        row = program.ledger_row()
        fault = ledger_fault(row, check["distinct"], lost)
        if not fault:
            return f"ledger agrees ({row['delivered']:,} delivered)"
        ensure(time.monotonic() < end, f"the program's ledger disagrees: {fault}; {row}")
        time.sleep(0.1)


def ledger_fault(row: dict[str, float], arrived: int, lost: int) -> str | None:
    """Why a row of the ledger is not what the sink saw. Not every item has an acknowledgement: some answers were cut off."""
    incoming = row.get("accepted", 0) + row.get("created", 0)
    found = sum(n for kind, n in row.items() if kind not in ("accepted", "created", "maybe_duplicate"))
    if incoming != found:
        return f"{incoming:,.0f} came in and {found:,.0f} are found"
    if row.get("queued", 0):
        return f"{row['queued']:,.0f} are still queued"
    if row.get("delivered", 0) != arrived:
        return f"{row.get('delivered', 0):,.0f} were delivered and {arrived:,} arrived"
    if row.get("dropped", 0) != lost:
        return f"{row.get('dropped', 0):,.0f} were dropped, not {lost:,}"
    return None
