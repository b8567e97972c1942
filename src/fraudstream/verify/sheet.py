"""The balance sheet for people: one line for each promise, green or red, with what it means."""

from collections.abc import Iterator
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fraudstream.verify.amounts import told
from fraudstream.verify.report import Balance, LeftOut


@dataclass(frozen=True)
class Line:
    """One line of the sheet; `good` is empty where a number is neither good nor bad."""

    name: str
    value: str
    meaning: str
    good: bool | None = None


def show(balance: Balance, console: Console) -> None:
    """Print the sheet, examples of what is wrong, and the verdict."""
    table = Table(title="Balance", show_header=False, box=None, pad_edge=False, title_justify="left")
    table.add_column(justify="left", no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(justify="left", style="dim")
    for line in lines(balance):
        style = {None: "", True: "green", False: "bold red"}[line.good]
        table.add_row(line.name, Text(line.value, style=style), line.meaning)
    console.print(table)
    for kind, cases in balance.examples.items():
        console.print(f"{kind}: {', '.join(cases)}", markup=False, highlight=False, soft_wrap=True)
    if balance.holds:
        console.print("The balance holds.", style="bold green")
    else:
        console.print(f"The balance does not hold: {'; '.join(balance.problems)}.", style="bold red", highlight=False)


def lines(balance: Balance) -> Iterator[Line]:
    """The lines of the sheet, in order."""
    yield from _journal(balance)
    yield from _log(balance)
    yield from _errors(balance)
    yield from _alerts(balance)
    yield from _money(balance)
    yield Line(
        "latency", f"{_ms(balance.latency_ms.p50)} / {_ms(balance.latency_ms.p99)}", "arrival to commit, p50 / p99"
    )
    yield Line("model version", balance.model_version or "none", "at work now")


def _journal(balance: Balance) -> Iterator[Line]:
    if balance.journals_left_out.count:
        yield Line("journals left out", _count(balance.journals_left_out.count), _why(balance.journals_left_out))
    if not balance.journals:
        yield Line("journal", "none", "no producer kept one of this log here; the log itself is the witness")
        return
    yield Line("produced", _count(balance.produced), "payments that producers meant to send")
    yield Line("acknowledged", _count(balance.acknowledged), "the broker said: accepted")
    if balance.failed:
        yield Line("failed", _count(balance.failed), "the broker said no, and the producer was told")
    if balance.unknown:
        yield Line("unknown", _count(balance.unknown), "no outcome in the journal yet: on its way, or cut off")


def _why(left_out: LeftOut) -> str:
    reasons = {
        "of another stack's log": left_out.other,
        "of an earlier log of this database": left_out.earlier,
        "of an older version, which name no log": left_out.unnamed,
    }
    return ", ".join(f"{_count(files)} {reason}" for reason, files in reasons.items() if files)


def _log(balance: Balance) -> Iterator[Line]:
    yield Line("log records", _count(balance.log_records), "in the log of payments; they are", balance.conserved)
    yield Line("  = scored", _count(balance.scored), "stored with a score")
    yield Line("  + quarantined", _count(balance.quarantined), "stored with the reason why not")
    yield Line("  + repeats dropped", _count(balance.repeats_dropped), "sent again with the same id and body")
    yield Line("  + in flight", _count(balance.in_flight), "not yet reached", not balance.overdue)


def _errors(balance: Balance) -> Iterator[Line]:
    yield Line("lost", _count(balance.lost), "accepted, and nowhere to be found", not balance.lost)
    yield Line("duplicated", _count(balance.duplicated), "stored twice", not balance.duplicated)
    yield Line("phantom", _count(balance.phantom), "stored, but never in the log", not balance.phantom)
    of = "scores of whole customers" if balance.unchecked else "scores, every one"
    checked = f"otherwise than recomputed ({_count(balance.mismatch_checked)} {of})"
    good = not balance.mismatched and balance.mismatch_checked > 0 and not (balance.parity and balance.unchecked)
    yield Line("mismatched", _count(balance.mismatched), checked, good)
    meaning = f"of {_count(balance.slices)} commits count otherwise than their rows"
    yield Line("wrong slices", _count(balance.wrong_slices), meaning, not balance.wrong_slices)


def _alerts(balance: Balance) -> Iterator[Line]:
    astray = balance.alerts_missing + balance.alerts_unfounded + balance.alerts_unpublished
    meaning = "decided, stored and in the outbox" if not astray else f"{astray} not decided, stored and in the outbox"
    yield Line("alerts", _count(balance.alerts), meaning, not astray)
    yield Line("notified", _count(balance.notified), "reached the subscriber", not balance.unnotified)
    if balance.held:
        yield Line("held", _count(balance.held), "over the hour's budget; the next hours release them, or a person")
    if balance.delivering:
        yield Line("being delivered", _count(balance.delivering), "not notified yet, while others still arrive")
    yield Line("repeats", _count(balance.repeats), "notifications of the same alert again")
    if balance.pending_outbox:
        yield Line("outbox", _count(balance.pending_outbox), "messages due and not yet published")
    if balance.scripted_fraud_alert_ms is not None:
        yield Line("scripted fraud", _ms(balance.scripted_fraud_alert_ms), "from its arrival to its alert")


def _money(balance: Balance) -> Iterator[Line]:
    sums = balance.amounts
    if balance.journals:
        meaning = f"journals say, and {told(sums.acknowledged_log)} the log"
        good = sums.acknowledged == sums.acknowledged_log
        yield Line("money acknowledged", told(sums.acknowledged), meaning, good)
    meaning = f"is stored, and {told(sums.log)} in the log"
    yield Line("money scored", told(sums.scored), meaning, sums.scored == sums.log)
    meaning = f"in alerts, {told(sums.flagged)} in scores that say alert, {told(sums.outbox)} in the outbox"
    yield Line("money alerted", told(sums.alerts), meaning, sums.flagged == sums.alerts == sums.outbox)


def _count(number: int) -> str:
    return f"{number:,}"


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:,.0f} ms"  # noqa: RUF001 - a dash for nothing
