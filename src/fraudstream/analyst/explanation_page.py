"""An explanation for people: what came in, what was decided and why, what was known then and is known now."""

import datetime as dt
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from fraudstream.analyst.explanation import Explanation, FeatureLine, PaymentFacts, Proof, Verdict
from fraudstream.analyst.labelling import moment, outcome
from fraudstream.ports.cases import AlertWay, KnownOutcomes, RecordPlace, Relayed
from fraudstream.ports.label_desk import StoredLabel

_LARGE = 1_000.0
_NOTICEABLE = 0.005
"""Log-odds below which a contribution is printed as none."""


def show(explanation: Explanation, console: Console) -> None:
    """Print an explanation."""
    payment, verdict, proof = explanation.payment, explanation.verdict, explanation.proof
    if payment is None or verdict is None or proof is None:
        for line in _not_scored(explanation):
            _say(console, line)
        return
    console.print(Text(f"Payment {explanation.transaction_id}", style="bold"))
    for line in _came_in(payment, verdict):
        _say(console, f"  {line}")
    console.print()
    console.print(Text(_decided(verdict), style="bold red" if verdict.alert else "bold green"))
    for line in _proved(verdict, proof):
        _say(console, f"  {line}", style="" if proof.exact else "yellow" if proof.recomputed is None else "bold red")
    if explanation.features:
        console.print()
        console.print(_table(explanation))
    console.print()
    for line in _outcomes(explanation, verdict):
        _say(console, line)
    for line in _alert(explanation.alert, verdict):
        _say(console, line)
    for line in _refused(explanation):
        _say(console, line)


def _say(console: Console, line: str, style: str = "") -> None:
    console.print(Text(line, style=style), soft_wrap=True)


def _came_in(payment: PaymentFacts, verdict: Verdict) -> Iterator[str]:
    currency = f" {payment.currency}" if payment.currency else ""
    usual = "first payment known of this customer"
    if payment.usual_amount is not None:
        usual = f"the customer's usual amount is {payment.usual_amount:,.2f}"
    yield f"{payment.amount:,.2f}{currency}; {usual}"
    named = {"merchant": payment.merchant_id, "device": payment.device_id}
    where = [payment.merchant_category, payment.location, payment.payment_method, payment.channel]
    known = [f"{name} {value}" for name, value in named.items() if value is not None]
    yield ", ".join([f"customer {payment.user_id}", *known, *(part.replace("_", " ") for part in where if part)])
    arrived = _to_the_millisecond(payment.log_time)
    yield f"made {moment(payment.event_time)}, in the log {arrived} as {_at(payment.place)}"
    yield (
        f"scored {_to_the_millisecond(verdict.committed_at)}, {verdict.latency_ms:,.0f} ms after it arrived, in slice "
        f"{verdict.slice_id}"
    )


def _decided(verdict: Verdict) -> str:
    decided = "alert" if verdict.alert else "no alert"
    return f"{decided}: score {verdict.score:.6f}, threshold {verdict.threshold:.6f}"


def _proved(verdict: Verdict, proof: Proof) -> Iterator[str]:
    yield (
        f"by model version {verdict.model_version} (deployment {verdict.deployment_id}, feature catalogue "
        f"{verdict.catalogue_version}, SHA-256 {verdict.digest})"
    )
    if proof.recomputed is None:
        yield f"the score could not be computed again: {proof.unproved}"
    elif proof.exact:
        yield "computed again from the stored features and the stored model: exactly the same score"
    else:
        yield f"computed again from the stored features and the stored model it is {proof.recomputed!r}: NOT the same"


def _table(explanation: Explanation) -> Table:
    table = Table(box=None, pad_edge=False, title_justify="left", header_style="dim")
    table.title = (
        f"What each feature did (log-odds); usual: median of {explanation.usual_of} earlier payments in this log"
    )
    table.add_column("moved", justify="right", no_wrap=True)
    table.add_column("feature", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("usual", justify="right", no_wrap=True)
    table.add_column("in words")
    for line in sorted(explanation.features, key=lambda line: -(line.contribution or 0.0)):
        table.add_row(*_row(line))
    if explanation.baseline is not None:
        table.add_row(_moved(explanation.baseline), "(where every payment starts)", "", "", "")
    return table


def _row(line: FeatureLine) -> Sequence[Text | str]:
    usual = "" if line.usual is None else number(line.usual)
    return _moved(line.contribution), line.name, number(line.value), usual, Text(line.sentence)


def _moved(contribution: float | None) -> Text:
    if contribution is None:
        return Text("?", style="dim")
    if abs(contribution) < _NOTICEABLE:
        return Text("0.00", style="dim")
    return Text(f"{contribution:+.2f}", style="red" if contribution > 0 else "green")


def number(value: float) -> str:
    """A feature's value in a few digits."""
    return f"{value:,.0f}" if abs(value) >= _LARGE else f"{value:.4g}"


def _outcomes(explanation: Explanation, verdict: Verdict) -> Iterator[str]:
    yield f"Known to the score, {verdict.label_seq:,} labels into the stream:"
    yield f"  of the customer {_known(explanation.customer_outcomes)}"
    if explanation.merchant_outcomes is not None:
        yield f"  of the merchant {_known(explanation.merchant_outcomes)}"
    now = "nobody has said yet" if explanation.is_fraud is None else outcome(is_fraud=explanation.is_fraud)
    yield f"What it turned out to be: {now}"
    for label in explanation.labels:
        yield f"  {_label(label)}"


def _known(known: KnownOutcomes | None) -> str:
    if known is None or known == KnownOutcomes():
        return "nothing"
    before = f"; before the log {_counted(known.before_log, 'outcome')}" if known.before_log else ""
    return f"{_counted(known.payments, 'outcome')}, {known.frauds} of them fraud{before}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"


def _label(label: StoredLabel) -> str:
    turn = "it waits for its payment" if label.label_seq is None else f"label {label.label_seq}"
    return f"{outcome(is_fraud=label.is_fraud)}, by {label.source}, known from {moment(label.arrived_at)} on ({turn})"


def _alert(alert: AlertWay | None, verdict: Verdict) -> Iterator[str]:
    if alert is None:
        return
    yield f"Alert {alert.alert_id}:"
    for reason in alert.reasons:
        yield f"  because: {reason.text}"
    yield f"  decided {_to_the_millisecond(verdict.committed_at)}"
    for relayed in alert.relayed:
        yield from (f"  {step}" for step in _relayed(relayed))
    if not alert.relayed:
        yield "  never handed to the relay"
    for message in alert.notified:
        yield f"  notified {_to_the_millisecond(message.received_at)}, message {message.message_id}"
    if not alert.notified:
        yield "  no notification has arrived yet"
    elif len(alert.notified) > 1:
        yield f"  beside the first, {_counted(len(alert.notified) - 1, 'repeat')}"


def _relayed(relayed: Relayed) -> Iterator[str]:
    if relayed.held_at is not None:
        yield f"held back {_to_the_millisecond(relayed.held_at)}: its hour was full"
    if relayed.released_at is not None:
        yield f"released {_to_the_millisecond(relayed.released_at)}"
    yield "not relayed yet" if relayed.sent_at is None else f"relayed {_to_the_millisecond(relayed.sent_at)}"


def _refused(explanation: Explanation) -> Iterator[str]:
    for item in explanation.refused:
        when = _to_the_millisecond(item.log_time)
        detail = "".join(letter if letter.isprintable() else "\ufffd" for letter in item.detail)
        yield f"In quarantine: a record with this id, {_at(item.place)}, {when}: {item.reason}, {detail}"


def _not_scored(explanation: Explanation) -> Iterator[str]:
    yield f"No payment {explanation.transaction_id} is scored."
    if explanation.historical_customer is not None:
        yield f"It is one of customer {explanation.historical_customer}, from the history before the log."
    yield from _refused(explanation)
    for label in explanation.labels:
        yield f"Its outcome: {_label(label)}."
    if explanation.historical_customer is None and not explanation.refused and not explanation.labels:
        yield "Nothing else is known of it; it may still be under way, or was never sent."


def _at(place: RecordPlace) -> str:
    return f"{place.topic or place.topic_id} partition {place.partition} offset {place.offset}"


def _to_the_millisecond(time: dt.datetime) -> str:
    return f"{time.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}.{time.microsecond // 1_000:03d} UTC"
