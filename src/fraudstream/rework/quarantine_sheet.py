"""The quarantine for people: masked, a hundred columns wide."""

from collections.abc import Sequence

from fraudstream.contracts.quarantine import RAW_LIMIT
from fraudstream.ports.quarantine import ReasonCount
from fraudstream.rework.masking import LINE, in_lines, shown
from fraudstream.rework.places import written
from fraudstream.rework.quarantine import WORDS, Worked
from fraudstream.rework.sheet import facts, moment, replay_lines, table, tried


def list_lines(counts: Sequence[ReasonCount], newest: Sequence[Worked]) -> list[str]:
    """How many there are for each reason, and the newest of them."""
    if not counts:
        return ["Nothing is in quarantine."]
    records = sum(count.records for count in counts)
    first, last = min(count.first for count in counts), max(count.last for count in counts)
    noun = "record is" if records == 1 else "records are"
    lines = [f"{records:,} {noun} in quarantine, from {moment(first)} to {moment(last)} UTC.", ""]
    rows = [(c.topic, c.reason, f"{c.records:,}", moment(c.first), moment(c.last)) for c in counts]
    lines += table(("log", "reason", "records", "first", "last"), rows, right=frozenset({2}))
    if not newest:
        return lines
    entries = [(written(w.entry.place), moment(w.entry.log_time), w.entry.reason, _standing(w)) for w in newest]
    header, *places = table(("record", "logged", "reason", "sent again"), entries)
    lines += ["", header]
    for place, worked in zip(places, newest, strict=True):
        entry = worked.entry
        texts = entry.detail[:LINE], shown(entry.raw, most=LINE)
        lines += [place, *(f"    {text}".rstrip() for text in texts if text)]
    return lines


def show_lines(worked: Worked) -> list[str]:
    """Everything there is to know about one record, and what was tried."""
    entry = worked.entry
    kept = "all kept" if entry.raw_size <= RAW_LIMIT else f"the first {RAW_LIMIT:,} kept"
    known = [
        ("record", written(entry.place)),
        ("log id", entry.place.topic_id),
        ("logged", f"{moment(entry.log_time)} UTC"),
        ("bytes", f"{entry.raw_size:,}, {kept}, masked"),
        ("sent again", tried(worked.replays)),
    ]
    if worked.origin != entry.place:
        known.append(("replay of", written(worked.origin)))
    if worked.fate is not None:
        known.append(("the last one", WORDS[worked.fate]))
    known.append(("reason", entry.reason))
    content = in_lines(shown(entry.raw)) or ["(empty)"]
    return [
        *facts(known),
        *(f"    {line}".rstrip() for line in in_lines(entry.detail)),
        *replay_lines(worked.replays),
        "content",
        *(f"    {line}".rstrip() for line in content),
    ]


def _standing(worked: Worked) -> str:
    if not worked.replays:
        return "-"
    fate = worked.fate or ("failed" if worked.replays[-1].error else "unknown")
    return f"{tried(worked.replays)}, {fate}"
