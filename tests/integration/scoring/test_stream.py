"""The stream while things change under it: models, partitions, checkpoints, workers."""

import contextlib
import uuid

import psutil
import pytest
from confluent_kafka.admin import AdminClient, NewPartitions
from tests.integration.scoring.stream import ScoredTopic
from tests.unit.scoring.world import a_model, encoded

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.kafka import KafkaProducer
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.life_cycle import Candidate, Signature
from fraudstream.training.rollback import roll_back

pytestmark = pytest.mark.integration


def payments(count: int) -> list[bytes]:
    return [encoded(user_id=number % 5, transaction_id=str(uuid.uuid4())) for number in range(count)]


def test_another_model_is_used_without_a_restart(scored_topic: ScoredTopic) -> None:
    with scored_topic.running():
        scored_topic.send(*payments(20))
        scored_topic.wait()
        scored_topic.deploy(a_model(version="2", threshold=0.01), version="2")
        scored_topic.send(*payments(20))
        scored_topic.wait()

    rows = scored_topic.execute("SELECT model_version, sum(rows) FROM slices GROUP BY 1 ORDER BY 1")
    assert rows == [("1", 20), ("2", 20)]
    assert scored_topic.execute("SELECT DISTINCT model_version FROM alerts") == [("2",)]


def test_a_trial_a_promotion_and_the_way_back_need_no_restart(scored_topic: ScoredTopic) -> None:
    deployments, model = PostgresDeployments(scored_topic.database_url), a_model(version="2", threshold=0.01)
    content = to_bytes(model)
    candidate = Candidate("test", "2", digest_of(content), model.catalogue_version, model.threshold, content)
    with scored_topic.running():
        for step in (
            lambda: None,
            lambda: deployments.begin_trial(candidate, Signature("ana", "newer")),
            lambda: deployments.deploy(candidate, None, Signature("ana", "better")),
            lambda: roll_back(deployments, Signature("ana", "too many alerts")),
        ):
            step()
            scored_topic.send(*payments(20))
            scored_topic.wait()

    rows = scored_topic.execute(
        "SELECT min(model_version), sum(rows), (SELECT count(*) FROM alerts WHERE"
        " alerts.slice_id BETWEEN min(slices.slice_id) AND max(slices.slice_id)) FROM slices"
        " GROUP BY deployment_id ORDER BY deployment_id"
    )
    assert rows == [("1", 40, 0), ("2", 20, 20), ("1", 20, 0)]
    assert scored_topic.execute("SELECT count(*), min(digest) FROM shadow_scores") == [(20, candidate.digest)]


def test_a_partition_added_meanwhile_is_read_from_its_beginning(scored_topic: ScoredTopic) -> None:
    admin = AdminClient({"bootstrap.servers": scored_topic.kafka.kafka_bootstrap_servers})
    with scored_topic.running():
        scored_topic.send(*payments(10))
        scored_topic.wait()
        admin.create_partitions([NewPartitions(scored_topic.topic, 6)])[scored_topic.topic].result(30)
        scored_topic.producer = KafkaProducer(scored_topic.kafka)  # one that knows of them
        places = [scored_topic.send(payment, key=uuid.uuid4().bytes)[0] for payment in payments(60)]
        scored_topic.wait()

    fates = scored_topic.fates()
    assert all(fates[place] == ["scored"] for place in places)
    assert len(scored_topic.positions()) == 6


def test_a_run_that_reads_everything_again_changes_nothing(scored_topic: ScoredTopic) -> None:
    """As if Spark's memory of offsets were lost, or wrong: the positions in the database decide."""
    with scored_topic.running():
        scored_topic.send(*payments(60), b"bad", key=None)
        scored_topic.wait()
    before = scored_topic.execute('SELECT partition, "offset", score, features FROM scored_transactions ORDER BY 1, 2')
    states = scored_topic.execute("SELECT user_id, state FROM customer_state ORDER BY 1")
    run = scored_topic.begin(from_the_beginning=True)
    scored_topic.send(*payments(1))
    scored_topic.wait()
    scored_topic.stop()

    rows = scored_topic.execute(
        'SELECT partition, "offset", score, features FROM scored_transactions JOIN slices USING (slice_id, partition)'
        " WHERE epoch < %s ORDER BY 1, 2",
        run.epoch,
    )
    changed = scored_topic.execute("SELECT user_id, state FROM customer_state ORDER BY 1")
    assert rows == before
    assert sum(old != new for old, new in zip(states, changed, strict=True)) == 1
    assert scored_topic.execute("SELECT sum(rows), sum(repeats) FROM slices WHERE epoch = %s", run.epoch) == [(1, 0)]


def test_workers_that_are_killed_cost_no_payment(scored_topic: ScoredTopic) -> None:
    killed = 0
    with scored_topic.running():
        places = scored_topic.send(*payments(10))
        scored_topic.wait()
        for _ in range(3):
            places += scored_topic.send(*payments(400), key=None)
            killed += kill_workers()
        scored_topic.wait()

    assert killed
    assert {place: ["scored"] for place in places} == scored_topic.fates()


def kill_workers() -> int:
    """Kill the Python workers below this process, which the daemon has forked; returns how many there were."""
    parents = {
        process: parent for process in psutil.Process().children(recursive=True) if (parent := daemon_of(process))
    }
    killed = 0
    for worker in (process for process, parent in parents.items() if parent in parents):
        with contextlib.suppress(psutil.NoSuchProcess):
            worker.kill()
            killed += 1
    return killed


def daemon_of(process: psutil.Process) -> psutil.Process | None:
    """The parent of a live process that runs the worker daemon's module; `None` of any other."""
    try:
        return process.parent() if "fraudstream.scoring.worker_daemon" in " ".join(process.cmdline()) else None
    except psutil.NoSuchProcess:  # what a zombie raises is one, too
        return None
