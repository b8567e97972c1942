"""A record in quarantine is repaired and sent again: nothing is lost, nothing doubled, and not without end."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from tests.unit.rework.world import ANYWAY, ORDER, RefusingProducer, ReworkWorld
from tests.unit.verify.memory_stack import a_payment

from fraudstream.contracts.topics import LABELS, MAX_MESSAGE_BYTES, TRANSACTIONS
from fraudstream.contracts.transaction import encode_transaction
from fraudstream.errors import ImpossibleRequest, TemporarilyUnavailable
from fraudstream.ports.quarantine import Fate
from fraudstream.ports.records import Delivery
from fraudstream.ports.replays import MOST_ATTEMPTS
from fraudstream.rework.places import NamedPlace, read_place, written
from fraudstream.rework.quarantine import Repair

GOOD = encode_transaction(a_payment(1, amount=12.5))
BAD = GOOD.replace(b"12.5", b'"12,50"')
MENDED = Repair(fields={"amount": "12.5"})


@pytest.fixture
def world(tmp_path: Path) -> Iterator[ReworkWorld]:
    made = ReworkWorld(tmp_path)
    with made.resources:
        yield made


def test_a_repaired_record_is_scored_and_the_balance_holds(world: ReworkWorld) -> None:
    world.stack.send(a_payment(9))
    worked = world.refuse(BAD)
    sent = world.replay(worked, MENDED)

    balance = world.stack.verify(journal_dir=world.journals)
    assert (balance.log_records, balance.scored, balance.quarantined, balance.lost) == (3, 2, 1, 0)
    assert (balance.journals, balance.acknowledged, balance.holds) == (1, 1, True)
    again = world.find(worked.entry.place.offset)
    (replay,) = again.replays
    assert (again.fate, replay.sent, replay.request.attempt) == (Fate.SCORED, sent, 1)
    assert (replay.request.author, replay.request.reason, replay.request.repair) == (
        ORDER.author,
        ORDER.reason,
        "amount",
    )


def test_a_customers_record_is_keyed_by_the_customer_and_another_as_it_was(world: ReworkWorld) -> None:
    named = world.replay(world.refuse(BAD.replace(b'"user_id":1', b'"user_id":3')), MENDED)
    record = world.stack.broker.append(TRANSACTIONS, b"their own key", b"not a payment")
    world.score()
    nameless = world.replay(world.find(record.offset, record.partition), order=ANYWAY)

    logs = world.stack.broker.logs
    assert logs[TRANSACTIONS, named.partition][named.offset].key == b"3"
    assert logs[TRANSACTIONS, nameless.partition][nameless.offset].key == b"their own key"


def test_what_was_scored_is_not_sent_again(world: ReworkWorld) -> None:
    worked = world.refuse(BAD)
    sent = world.replay(worked, MENDED)

    with pytest.raises(ImpossibleRequest, match=f"its replay {written(sent)} was scored: nothing is left to do"):
        world.replay(world.find(0), MENDED)


def test_what_is_on_its_way_is_not_sent_again(world: ReworkWorld) -> None:
    world.work.replay(world.refuse(BAD), MENDED, ORDER, world.resender())

    with pytest.raises(ImpossibleRequest, match="is still on its way"):
        world.replay(world.find(0), MENDED)


def test_what_would_come_back_is_not_sent_and_costs_no_attempt(world: ReworkWorld) -> None:
    worked = world.refuse(BAD)

    with pytest.raises(ImpossibleRequest, match=r"it would come back, invalid_field: .*Repair it with --set or --file"):
        world.replay(worked)
    assert world.book.book == {}
    assert list(world.journals.iterdir()) == []


def test_a_record_that_comes_back_is_followed_and_sent_only_so_often(world: ReworkWorld) -> None:
    world.stack.send(a_payment(9))
    place = world.refuse(BAD).entry.place
    for attempt in range(1, MOST_ATTEMPTS + 1):
        place = world.replay(world.find(place.offset, place.partition), order=ANYWAY)
        back = world.find(place.offset, place.partition)
        assert (back.origin.offset, len(back.replays), back.fate) == (1, attempt, Fate.QUARANTINED)

    for offset, partition in ((1, 0), (place.offset, place.partition)):
        with pytest.raises(ImpossibleRequest, match="it was sent again 3 times, which is the most"):
            world.replay(world.find(offset, partition), MENDED)
    assert world.stack.verify(journal_dir=world.journals).quarantined == MOST_ATTEMPTS + 1
    assert world.stack.verify(journal_dir=world.journals).holds


def test_a_process_that_dies_before_it_knows_the_fate_doubles_nothing(world: ReworkWorld) -> None:
    worked = world.refuse(BAD)
    sending = world.sending()

    def dies(topic: str, key: bytes | None, value: bytes) -> Delivery:
        sending(topic, key, value)
        raise SystemExit

    with pytest.raises(SystemExit):
        world.work.replay(worked, MENDED, ORDER, world.resender(dies))
    world.score()
    unknown = world.find(0)
    world.replay(unknown, MENDED)

    assert [replay.sent for replay in unknown.replays] == [None]
    assert world.find(0).fate == Fate.DROPPED
    balance = world.stack.verify(journal_dir=world.journals)
    assert (balance.log_records, balance.scored, balance.repeats_dropped, balance.holds) == (3, 1, 1, True)


def test_what_the_broker_refuses_is_in_the_book_and_may_be_tried_again(world: ReworkWorld) -> None:
    worked = world.refuse(BAD)

    with pytest.raises(TemporarilyUnavailable, match="the broker did not take it: broker is down"):
        world.work.replay(worked, MENDED, ORDER, world.resender(world.sending(RefusingProducer(world.stack.broker))))
    assert [replay.error for replay in world.find(0).replays] == ["broker is down"]
    world.replay(world.find(0), MENDED)
    assert world.find(0).fate == Fate.SCORED


def test_a_file_replaces_all_of_a_record(world: ReworkWorld) -> None:
    world.replay(world.refuse(b"\xff"), Repair(value=GOOD))

    again = world.find(0)
    assert (again.fate, again.replays[0].request.repair) == (Fate.SCORED, "all of it")


def test_a_file_may_not_be_larger_than_a_record(world: ReworkWorld) -> None:
    with pytest.raises(ImpossibleRequest, match=r"it has 1,000,001 bytes, and a record has 1,000,000 at the most"):
        world.replay(world.refuse(b"\xff"), Repair(value=b" " * (MAX_MESSAGE_BYTES + 1)))


def test_a_conflicting_payment_needs_an_id_of_its_own(world: ReworkWorld) -> None:
    world.stack.send(a_payment(1))
    worked = world.refuse(GOOD)
    assert worked.entry.reason == "conflicting_id"

    with pytest.raises(ImpossibleRequest, match="another payment has its id"):
        world.replay(worked)
    world.replay(worked, Repair(fields={"transaction_id": "00000000-0000-0000-0000-000000000077"}))
    assert world.find(1).fate == Fate.SCORED


def test_the_log_has_the_bytes_that_are_masked_in_the_table(world: ReworkWorld) -> None:
    card = b"4929123456789012"
    worked = world.refuse(BAD[:-1] + b',"note":"' + card + b'"}')
    sent = world.replay(worked, MENDED)

    assert card not in worked.entry.raw
    assert card in (world.stack.broker.logs[TRANSACTIONS, sent.partition][sent.offset].value or b"")


def test_a_record_that_the_log_has_lost_is_sent_as_it_was_kept(world: ReworkWorld) -> None:
    kept = BAD.replace(str(a_payment(1).transaction_id).encode(), b"7d444840-9dc0-41d1-b245-5ffdce74fad2")
    worked = world.refuse(kept)
    world.stack.broker.ids[TRANSACTIONS] = "00000000-0000-0000-0000-0000000000ff"
    world.stack.broker.logs[TRANSACTIONS, 0].clear()
    world.stack.send(a_payment(2))  # the new log has another record at this place

    assert world.work.raw(worked, author="ana", reason="to see it") == kept


def test_a_record_that_the_log_has_lost_and_that_was_masked_is_written_anew(world: ReworkWorld) -> None:
    worked = world.refuse(BAD[:-1] + b',"note":"4929123456789012"}')
    world.stack.clean(5)

    with pytest.raises(ImpossibleRequest, match="the log holds transaction-events/0/0 no longer"):
        world.work.raw(worked, author="ana", reason="to see it")


def test_whoever_sees_unmasked_bytes_is_written_down_before(world: ReworkWorld) -> None:
    worked = world.refuse(b"4929123456789012")
    raw = world.work.raw(worked, author="ana", reason="the sender asks")

    assert raw == b"4929123456789012"
    assert world.book.disclosures == [(worked.entry.place, "ana", "the sender asks")]


def test_a_refused_label_is_worked_the_same_way(world: ReworkWorld) -> None:
    world.stack.send(a_payment(1))
    world.score()
    world.stack.garble()
    label = msgspec.json.encode(
        {
            "transaction_id": str(a_payment(1).transaction_id),
            "user_id": 1,
            "is_fraud": True,
            "arrived_at": "2025-06-16T10:00:00Z",
        }
    )
    worked = world.work.find(NamedPlace(LABELS, 0, 0))
    sent = world.work.replay(worked, Repair(value=label), ORDER, world.resender())
    world.stack.apply_labels()

    assert world.work.follow(sent, patience=0.0) == Fate.STORED


def test_what_is_no_log_of_ours_is_left_alone(world: ReworkWorld) -> None:
    worked = world.refuse(BAD)
    strange = replace(worked, entry=replace(worked.entry, place=replace(worked.entry.place, topic="elsewhere")))

    with pytest.raises(ImpossibleRequest, match="elsewhere is no log whose records can be sent again"):
        world.work.replay(strange, MENDED, ORDER, world.resender())


def test_a_record_that_is_not_there_is_named(world: ReworkWorld) -> None:
    with pytest.raises(ImpossibleRequest, match="transaction-events/0/7 is not in quarantine"):
        world.find(7)


def test_following_ends_when_the_record_is_read_or_patience_is_over(world: ReworkWorld) -> None:
    worked = world.refuse(BAD)
    sent = world.work.replay(worked, MENDED, ORDER, world.resender())
    before = world.stack.clock.monotonic()

    assert world.work.follow(sent, patience=3.0) == Fate.IN_FLIGHT
    assert world.stack.clock.monotonic() - before == pytest.approx(3.0, abs=0.3)
    world.score()
    assert world.work.follow(sent, patience=0.0) == Fate.SCORED


@pytest.mark.parametrize(
    ("text", "place"),
    [("payments/1/17", NamedPlace("payments", 1, 17)), ("1/17", NamedPlace("usual", 1, 17))],
)
def test_a_place_is_read_as_it_is_written(text: str, place: NamedPlace) -> None:
    assert read_place(text, "usual") == place
    assert read_place(str(place), "usual") == place


@pytest.mark.parametrize("text", ["", "17", "a/b/c", "payments/1/17/2", "payments/-1/2"])
def test_what_is_no_place_says_how_one_is_written(text: str) -> None:
    with pytest.raises(ImpossibleRequest, match="names no record: write topic/partition/offset"):
        read_place(text, "usual")
