"""What is judged: what the sender and the sink know by themselves, then the program's own account."""

import time

# How long the program may take until its account stands still after everything has arrived, seconds.
STILL = 10
# Under this name the ledger has what could not be read back.
TORN = "dropped damaged"


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


def ledger_agrees(program, check: dict) -> str:
    """The exporter's row says what the sink saw: every item once, nothing left, nothing unaccounted for."""
    if not program.keeps_ledger:
        return "no ledger to compare"
    end = time.monotonic() + STILL
    while True:
        row = program.ledger_row()
        fault = ledger_fault(row, check)
        if not fault:
            torn = row.get(TORN, 0)
            return f"ledger agrees ({row['delivered']:,.0f} delivered" + (f", {torn:,.0f} torn)" if torn else ")")
        ensure(time.monotonic() < end, f"the program's ledger disagrees: {fault}; {row}")
        time.sleep(0.1)


def ledger_fault(row: dict[str, float], check: dict) -> str | None:
    """Why a row of the ledger is not what the sink saw.

    Not every item that arrived has an acknowledgement: some answers were cut off. A request whose writing was cut off by a kill was
    not acknowledged and need not arrive, but it may be counted as damaged: from the file alone nobody can tell.
    """
    incoming = row.get("accepted", 0) + row.get("created", 0)
    found = sum(n for kind, n in row.items() if kind not in ("accepted", "created", "maybe_duplicate"))
    if incoming != found:
        return f"{incoming:,.0f} came in and {found:,.0f} are found"
    if row.get("queued", 0):
        return f"{row['queued']:,.0f} are still queued"
    if row.get("delivered", 0) != check["distinct"]:
        return f"{row.get('delivered', 0):,.0f} were delivered and {check['distinct']:,} arrived"
    dropped = sum(n for kind, n in row.items() if kind.startswith("dropped"))
    if dropped != row.get(TORN, 0) or dropped > check["sent"] - check["distinct"]:
        return f"{dropped:,.0f} were dropped; {check['sent'] - check['distinct']:,} were sent and did not arrive"
    return None
