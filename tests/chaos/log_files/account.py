"""What was written beside what has arrived."""

from collections import Counter

from steps import Step

# What may be on its way when the program is killed, in lines.
ON_ITS_WAY = 8192


class Failed(Exception):
    """A promise that was not kept."""


def judge(step: Step, ledger, arrived: Counter, kills: int) -> str:
    written = {(source, number) for source, last in ledger.last.items() for number in range(last)}
    if invented := set(arrived) - written:
        raise Failed(f"{len(invented)} lines were never written: {sorted(invented)[:3]}")
    lost = sorted(written - set(arrived))
    twice = sum(arrived.values()) - len(arrived)
    figures = f"{len(written):,} lines, {len(ledger.rotations)} rotations, {kills} kills: {len(lost)} lost, {twice} twice"
    if outside := [line for line in lost if not may_be_lost(step, ledger, line, kills)]:
        raise Failed(f"{figures}; {len(outside)} of them for no reason: {outside[:3]} … {outside[-1]}")
    if twice > kills * ON_ITS_WAY:
        again = [line for line, count in arrived.items() if count > 1]
        raise Failed(f"{figures}: {min(again)} … {max(again)}")
    if len(ledger.rotations) < 2:
        raise Failed("nothing was rotated")
    return figures


def may_be_lost(step: Step, ledger, line: tuple[int, int], kills: int) -> bool:
    """Whether the line was written while a file was being copied and cut, or in the window before."""
    if step.window is None:
        return False
    # A line is in the file some time after its writer noted it.
    at = ledger.written_at(*line)
    return any(begin - step.window - 0.05 <= at <= end for begin, end in ledger.rotations)
