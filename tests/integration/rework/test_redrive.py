"""`fraudstream redrive` on a real broker, a real database and the function in AWS's runtime: parked, sent, notified."""

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing

import pytest
from tests.integration.alerting.world import AlertWorld, ids
from tests.unit.alerting.builders import an_alert
from typer.testing import CliRunner

from fraudstream.adapters.kafka import KafkaProducer
from fraudstream.alerting.parking import Parking
from fraudstream.alerting.trigger import TriggerPolicy
from fraudstream.cli import app
from fraudstream.contracts.alert import encode_alert
from fraudstream.rework import main
from fraudstream.rework.redrive import RedriveWork
from fraudstream.settings import KafkaSettings

pytestmark = pytest.mark.integration

TOO_OLD = TriggerPolicy(max_record_age=-3_600.0)
"""Everything is: it is parked before the function sees it."""


@pytest.fixture
def world(
    kafka_settings: KafkaSettings,
    database_url: str,
    aws_environment: Mapping[str, str],
    unique_name: Callable[[str], str],
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[AlertWorld]:
    assert aws_environment
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", kafka_settings.kafka_bootstrap_servers)
    monkeypatch.setenv("DATABASE_URL", database_url)
    with closing(AlertWorld(kafka_settings, database_url, unique_name)) as made:
        own = functools.partial(RedriveWork, topic=made.topic, failed_topic=made.failed_topic)
        monkeypatch.setattr(main, "RedriveWork", own)
        yield made


def ran(*arguments: str, status: int = 0) -> list[str]:
    result = CliRunner().invoke(app, ["redrive", *arguments], catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result.stdout.splitlines()


def park_everything(world: AlertWorld, count: int) -> None:
    with world.trigger(policy=TOO_OLD) as trigger:
        done = 0
        while done < count:
            done += trigger.run_once(0.5)


def test_parked_alerts_are_listed_sent_back_and_notified_once(world: AlertWorld) -> None:
    world.publish(*[encode_alert(an_alert(number)) for number in (1, 2, 3)])
    park_everything(world, 3)
    listed = ran("list")
    assert listed[0] == "3 records are parked: 3 waits."
    first = f"{world.failed_topic}/0/0"

    assert ran("replay", first, "--because", "the topic is back")[0].startswith(f"{first}: sent to {world.topic}/0/3")
    assert len(ran("replay", "--all", "--because", "the topic is back", "--author", "ana")) == 2
    world.deliver(3)

    assert Counter(world.notified(3)) == Counter(ids(1, 2, 3))
    assert ran("list")[0] == "3 records are parked: 3 sent."
    assert ran("replay", "--all", "--because", "again") == ["nothing waits to be sent back"]
    assert "it is sent again already" in ran("replay", first, "--because", "again", status=1)[0]
    assert (
        world.query("SELECT author, attempt, reason FROM replays ORDER BY replay_id")[1:]
        == [("ana", 1, "the topic is back")] * 2
    )


def test_an_alert_that_was_notified_after_all_keeps_its_id_and_is_suppressed(world: AlertWorld) -> None:
    world.publish(encode_alert(an_alert(1)))
    world.deliver(1)
    (notified,) = world.records(world.topic)
    Parking(KafkaProducer(world.kafka), world.failed_topic).park(notified, "function_failed", "it had answered", 10)

    ran("replay", "--all", "--because", "to be sure")
    world.publish(encode_alert(an_alert(2)))
    world.deliver(2)

    assert Counter(world.notified(2)) == Counter(ids(1, 2))


def test_a_poison_alert_in_the_middle_of_a_hundred_stalls_nothing_and_is_not_sent_again(world: AlertWorld) -> None:
    alerts = [encode_alert(an_alert(number)) for number in range(99)]
    world.publish(*alerts[:50], b'{"poison": true}', *alerts[50:])
    world.deliver(100)

    assert Counter(world.notified(99)) == Counter(ids(*range(99)))
    assert ran("list")[0] == "1 record is parked: 1 no alert."
    assert ran("replay", "--all", "--because", "all") == ["nothing waits to be sent back"]
    poison = f"{world.failed_topic}/0/0"
    assert "it is no alert and would be parked again" in ran("replay", poison, "--because", "it", status=1)[0]
    ran("replay", poison, "--anyway", "--because", "to see")
    world.deliver(1)
    assert ran("list")[0] == "2 records are parked: 1 came back, 1 no alert."
    assert "replay 1" in "".join(ran("show", f"{world.failed_topic}/0/1"))
