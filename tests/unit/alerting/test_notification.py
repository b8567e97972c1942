"""The alert function: each alert once, bad records by name, trouble of ours for the whole batch."""

import contextlib
import io
import json
import time
import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any, cast

import pytest
from aws_lambda_powertools import Logger
from tests.unit.alerting.builders import a_record, an_alert

from fraudstream.adapters.memory_delivery import InProcessContext, MemoryNotifier, MemorySentAlerts
from fraudstream.alerting.kafka_event import EventSource, build_event
from fraudstream.alerting.notification import AlertFunction
from fraudstream.contracts.alert import encode_alert
from fraudstream.errors import ConfigurationError, FraudstreamError, MalformedEvent, TemporarilyUnavailable
from fraudstream.ports.delivery import MOST_AT_ONCE, Notification
from fraudstream.ports.records import Record
from fraudstream.ports.sent_alerts import REMEMBERED_SECONDS, AlertInProgress

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SOURCE = EventSource("127.0.0.1:9092")
DIES = SystemExit("killed while publishing")


class Function:
    """The function on fakes, and what it logged."""

    def __init__(self, notifier: MemoryNotifier | None = None, sent: MemorySentAlerts | None = None) -> None:
        self.notifier = notifier or MemoryNotifier()
        self.sent = sent or MemorySentAlerts()
        self.output = io.StringIO()
        logger = Logger(service=f"test-{uuid.uuid4()}", stream=self.output)  # one name, one stream for ever
        self.handle = AlertFunction(self.notifier, self.sent, logger)

    def __call__(self, *records: Record, remaining: float = 30.0) -> Any:  # noqa: ANN401 - JSON
        context = cast("LambdaContext", InProcessContext(time.monotonic() + remaining))
        return self.handle(json.loads(build_event(records, SOURCE)), context)

    @property
    def published(self) -> list[str]:
        return [str(json.loads(n.document)["alert_id"]) for n in self.notifier.published]

    @property
    def logged(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.output.getvalue().splitlines()]


class FailingNotifier(MemoryNotifier):
    """Raises for every call that carries one alert; `apart` answers for that one alone instead, as SNS may."""

    def __init__(self, number: int, error: BaseException, *, times: int = 1_000, apart: bool = False) -> None:
        super().__init__()
        self.bad = str(an_alert(number).alert_id)
        self.error = error
        self.times = times
        self.apart = apart
        self.calls: list[int] = []

    def publish_all(self, notifications: Sequence[Notification]) -> Sequence[str | FraudstreamError]:
        self.calls.append(len(notifications))
        bad = [notification.attributes["alert_id"] == self.bad for notification in notifications]
        if not any(bad) or not self.times:
            return super().publish_all(notifications)
        self.times -= 1
        if not self.apart or not isinstance(self.error, FraudstreamError):
            raise self.error
        return [self.error if ill else self.publish(each) for ill, each in zip(bad, notifications, strict=True)]


class FailingSent(MemorySentAlerts):
    """A memory of sent alerts that is away for what it is told."""

    def __init__(self, *away: str) -> None:
        super().__init__()
        self.away = away
        self.asked: list[str] = []

    def _ask(self, what: str) -> None:
        self.asked.append(what)
        if what in self.away:
            raise TemporarilyUnavailable("the table did not answer")

    def claim(self, alert_id: uuid.UUID, seconds: float) -> str | None:
        self._ask("claim")
        return super().claim(alert_id, seconds)

    def settle(self, published: Mapping[uuid.UUID, str]) -> None:
        self._ask("settle")
        super().settle(published)

    def release(self, alert_ids: AbstractSet[uuid.UUID]) -> None:
        self._ask("release")
        super().release(alert_ids)


def ids(*numbers: int) -> list[str]:
    return [str(an_alert(number).alert_id) for number in numbers]


def named(*offsets: int) -> dict[str, Any]:
    return {
        "batchItemFailures": [{"itemIdentifier": {"partition": "fraud-alerts-0", "offset": n}} for n in offsets],
    }


def test_every_alert_of_an_event_is_published_in_order() -> None:
    function = Function()

    assert function(a_record(0), a_record(1), a_record(2)) == named()
    assert function.published == ids(1, 2, 3)


def test_a_repeated_alert_is_suppressed_in_a_later_event() -> None:
    function = Function()
    function(a_record(0))

    assert function(a_record(0), a_record(1)) == named()
    assert function.published == ids(1, 2)
    assert [line["message"] for line in function.logged].count("repeated alert suppressed") == 1


def test_a_repeated_alert_is_suppressed_within_one_event() -> None:
    function = Function()
    same = encode_alert(an_alert(1))

    assert function(a_record(0, same), a_record(1, same)) == named()
    assert function.published == ids(1)


@pytest.mark.parametrize("poison", [b"not json", b"{}", b"\xff\xfe", b"[]", b'{"alert_id": 1}'])
def test_a_poison_record_is_named_and_the_others_are_published(poison: bytes) -> None:
    function = Function()

    assert function(a_record(0), a_record(1, poison), a_record(2)) == named(1)
    assert function.published == ids(1, 3)


def test_a_record_without_a_value_is_named() -> None:
    function = Function()
    tombstone = Record("fraud-alerts", 0, 0, b"42", None, 0.0)

    assert function(tombstone, a_record(1)) == named(0)


def test_a_poison_record_alone_is_named_too() -> None:
    assert Function()(a_record(0, b"poison")) == named(0)


def test_what_fails_is_logged_with_its_place() -> None:
    function = Function()
    function(a_record(5, b"poison"))

    (line,) = [line for line in function.logged if line["level"] == "ERROR"]

    assert (line["topic"], line["partition"], line["offset"], line["reason"]) == ("fraud-alerts", 0, 5, "not_json")


def test_an_unexpected_failure_is_named_and_logged_with_its_traceback() -> None:
    function = Function(FailingNotifier(2, RuntimeError("a bug")))

    assert function(a_record(0), a_record(1), a_record(2)) == named(1)
    (line,) = [line for line in function.logged if line["level"] == "ERROR"]
    assert "a bug" in line["exception"]


def test_alerts_are_published_together_ten_at_a_time() -> None:
    notifier = FailingNotifier(0, RuntimeError())
    function = Function(notifier)

    assert function(*[a_record(number) for number in range(2 * MOST_AT_ONCE + 3)]) == named()
    assert notifier.calls == [MOST_AT_ONCE, MOST_AT_ONCE, 3]
    assert function.published == ids(*range(1, 2 * MOST_AT_ONCE + 4))


@pytest.mark.parametrize("apart", [True, False])
def test_an_alert_that_sns_refuses_is_named_and_may_be_tried_again(*, apart: bool) -> None:
    function = Function(FailingNotifier(2, MalformedEvent("refused", "card 4111111111111111"), times=2, apart=apart))

    assert function(a_record(0), a_record(1), a_record(2)) == named(1)
    (line,) = [line for line in function.logged if line["level"] == "ERROR"]
    assert (line["reason"], line["offset"]) == ("refused", 1)
    assert "4111111111111111" not in line["detail"]
    function(a_record(1), a_record(2))
    assert function(a_record(1)) == named()
    assert function.published == ids(1, 3, 2)


@pytest.mark.parametrize("apart", [True, False])
@pytest.mark.parametrize("error", [TemporarilyUnavailable("SNS is down"), ConfigurationError("no such topic")])
def test_trouble_of_ours_asks_for_the_whole_batch_again(error: Exception, *, apart: bool) -> None:
    function = Function(FailingNotifier(2, error, times=1, apart=apart))

    with pytest.raises(TemporarilyUnavailable, match=f"the batch must come again: {error}"):
        function(a_record(0), a_record(1), a_record(2))
    assert function(a_record(0), a_record(1), a_record(2)) == named()
    assert sorted(function.published) == sorted(ids(1, 2, 3))


@pytest.mark.parametrize(
    ("away", "asked"),
    [("claim", ["claim"]), ("settle", ["claim"] * 3 + ["settle"])],
)
def test_a_memory_that_is_away_asks_for_the_whole_batch_again(away: str, asked: list[str]) -> None:
    sent = FailingSent(away)

    with pytest.raises(TemporarilyUnavailable, match=r"the batch must come again: .*the table did not answer"):
        Function(sent=sent)(a_record(0), a_record(1), a_record(2))
    assert sent.asked == asked


def test_what_was_claimed_before_the_memory_went_away_is_given_back() -> None:
    class AwayForTheSecond(MemorySentAlerts):
        def claim(self, alert_id: uuid.UUID, seconds: float) -> str | None:
            if str(alert_id) == ids(2)[0]:
                raise TemporarilyUnavailable("the table did not answer")
            return super().claim(alert_id, seconds)

    function = Function(sent=AwayForTheSecond())

    with pytest.raises(TemporarilyUnavailable, match="the table did not answer"):
        function(a_record(0), a_record(1))
    assert function(a_record(0)) == named()
    assert function.published == ids(1)


def test_topic_and_memory_away_together_ask_for_the_whole_batch_again() -> None:
    function = Function(FailingNotifier(1, TemporarilyUnavailable("SNS is down")), FailingSent("release"))

    with pytest.raises(TemporarilyUnavailable, match=r"the batch must come again: SNS is down"):
        function(a_record(0), a_record(1))
    assert function.published == []


def test_an_outage_is_told_at_the_first_call_that_meets_it() -> None:
    """A hundred calls that nobody answers would outlast the function's time, and a killed function tells nothing."""
    calls = []

    class Away(MemoryNotifier):
        def publish_all(self, notifications: Sequence[Notification]) -> Sequence[str | FraudstreamError]:
            calls.append(notifications)
            raise TemporarilyUnavailable("SNS is down")

    function = Function(Away())

    with pytest.raises(TemporarilyUnavailable, match="SNS is down"):
        function(*[a_record(number) for number in range(100)])
    assert len(calls) == 1
    assert [line["message"] for line in function.logged] == ["alert not published yet"]


def test_an_outage_while_alerts_are_tried_alone_is_met_once() -> None:
    class RefusesThenAway(MemoryNotifier):
        def publish_all(self, notifications: Sequence[Notification]) -> Sequence[str | FraudstreamError]:
            calls.append(len(notifications))
            if len(notifications) > 1:
                raise MalformedEvent("refused", "too long together")
            if len(self.published) == 1:
                raise TemporarilyUnavailable("SNS is down")
            return super().publish_all(notifications)

    calls: list[int] = []
    function = Function(RefusesThenAway())

    with pytest.raises(TemporarilyUnavailable, match="SNS is down"):
        function(*[a_record(number) for number in range(5)])
    assert calls == [5, 1, 1]
    assert function.published == ids(1)
    assert {message_id is not None for message_id, _ in function.sent.entries.values()} == {True}


def test_a_poison_record_is_named_once_the_outage_is_over() -> None:
    function = Function(FailingNotifier(2, TemporarilyUnavailable("SNS is down"), times=1))
    batch = a_record(0, b"poison"), a_record(1), a_record(2)
    with pytest.raises(TemporarilyUnavailable, match="SNS is down"):
        function(*batch)

    assert function(*batch) == named(0)
    assert function.published == ids(2, 3)


def test_an_alert_that_another_invocation_is_publishing_asks_for_the_batch_again_under_its_own_name() -> None:
    """It may have died of this alert: whoever counts deaths must be able to tell this from an outage."""
    function = Function(FailingNotifier(1, DIES, times=1))
    with pytest.raises(SystemExit):
        function(a_record(0))

    with pytest.raises(AlertInProgress, match="already in progress"):
        function(a_record(0), a_record(1))
    assert function.published == ids(2)


def test_an_alert_whose_invocation_died_is_published_once_its_time_is_over() -> None:
    function = Function(FailingNotifier(1, DIES, times=1))
    with pytest.raises(SystemExit):
        function(a_record(0), remaining=0.05)

    deadline = time.monotonic() + 10
    while time.monotonic() < deadline and not function.published:
        with contextlib.suppress(AlertInProgress):
            assert function(a_record(0)) == named()

    assert function.published == ids(1)


def test_ids_are_remembered_longer_than_a_topic_keeps_its_records() -> None:
    function = Function()
    function(a_record(0))

    ((_, end),) = function.sent.entries.values()
    assert end > time.time() + REMEMBERED_SECONDS - 60
    assert REMEMBERED_SECONDS > 13 * 24 * 3_600
