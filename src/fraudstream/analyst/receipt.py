"""What to tell whoever said a label: what it was taken for, whom it contradicts, what became of it."""

from collections.abc import Iterator

from fraudstream.analyst.labelling import Said, moment, outcome
from fraudstream.ports.label_desk import LabelFate, StoredLabel


def receipt(said: Said, fate: LabelFate | None) -> Iterator[str]:
    """The sentences, one a line."""
    if said.alert_id is not None:
        yield f"{said.alert_id} is an alert; what is said is said of its payment {said.label.transaction_id}"
    yield _taken(said)
    if said.before is not None:
        yield _beside(said.before, contradicts=said.contradicts)
    yield _became(said, fate)


def _taken(said: Said) -> str:
    label, payment = said.label, said.payment
    of = f"customer {label.user_id}"
    made = f"{of}, made {moment(payment.event_time)}" if payment else f"{of}, not scored yet"
    return (
        f"{label.transaction_id} ({made}) is {outcome(is_fraud=label.is_fraud)}, says the {label.source}; "
        f"known from {moment(label.arrived_at)} on"
    )


def _beside(before: StoredLabel, *, contradicts: bool) -> str:
    word = f"{outcome(is_fraud=before.is_fraud)}, by {before.source}, {moment(before.arrived_at)}"
    if contradicts:
        return f"it contradicts what was said before ({word}): the newer word counts, the history is kept"
    return f"the same was said before ({word}): this one is kept, too, and changes nothing"


def _became(said: Said, fate: LabelFate | None) -> str:
    if fate is None:
        return (
            "it is in the log but not applied yet: is the label applier running? `fraudstream explain "
            f"{said.label.transaction_id}` shows when it is"
        )
    if fate.refused:
        return f"it was refused: {fate.refused}"
    if fate.label_seq is None:
        return "it waits until its payment is scored"
    return f"applied as label {fate.label_seq}: scores see it from now on"
