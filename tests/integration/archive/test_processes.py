"""The archiver as a process on real servers: killed, cut off from S3, and too late."""

import signal
from collections.abc import Mapping

import pytest
from tests.integration.alerting.road import Road
from tests.integration.archive.stream import ArchivedStream
from tests.integration.scraping import a_free_port, scraped

from fraudstream.archive.layout import decode_manifest
from fraudstream.archive.parquet import columns_of
from fraudstream.ports.archive import Zone

pytestmark = pytest.mark.integration

STEPS = {
    1: "a raw object is there",
    2: "both objects are there, and nothing is committed",
    3: "the ledger names them, and no manifest does",
    4: "the manifest names them, and the ledger does not know it",
    5: "all is done",
}


def test_what_is_archived_is_what_the_log_holds(stream: ArchivedStream) -> None:
    stream.send(1, 2, 3, bad=2)
    stream.send(4, 4)
    stream.score()
    done = stream.archive()
    said = stream.said()

    assert done.returncode == 0, done.stdout + done.stderr
    assert (said["status"], said["problems"]) == (0, [])
    assert (said["raw"], said["records"], said["processed"], said["stored"], said["waiting"]) == (7, 7, 4, 4, 0)
    assert said["amount"] == said["stored_amount"] == "40.10"
    (path,) = stream.objects.list("manifest/")
    files = decode_manifest(stream.objects.get(path) or b"").archived()
    (raw,) = [file for file in files if file.zone is Zone.RAW]
    offsets, keys, values = columns_of(stream.objects.get(raw.path) or b"", "offset", "key", "value")
    assert [*zip(offsets, keys, values, strict=True)] == [(r.offset, r.key, r.value) for r in stream.records()]


def test_a_kill_at_any_step_leaves_nothing_out_and_nothing_twice(stream: ArchivedStream) -> None:
    """The process gets no chance to clean up; the second step is the one between upload and commit."""
    number = 0
    for step, what in STEPS.items():
        stream.send(number + 1, number + 2, number + 3)
        number += 3
        stream.score()
        killed = stream.archive(str(step))
        assert killed.returncode == -signal.SIGKILL, f"{what}: {killed.stdout}{killed.stderr}"
        balance = stream.balance()
        assert [p for p in balance.problems if "manifest" not in p] == [], what
        assert balance.orphans == min(2 * step - 1, 3), what
        number += 1
        stream.send(number)
        stream.score()
        finished = stream.archive()
        assert finished.returncode == 0, finished.stdout + finished.stderr
    said = stream.said()

    assert (said["status"], said["problems"]) == (0, [])
    assert said["raw"] == said["processed"] == number
    assert said["orphans"] == 3


def test_an_outage_of_s3_stops_nothing_and_is_caught_up(
    stream: ArchivedStream, aws_environment: Mapping[str, str]
) -> None:
    road, port = Road.to_aws(aws_environment), a_free_port()
    with road, stream.archiver({**aws_environment, **road.variables, "METRICS_PORT": str(port)}) as process:
        for number in (1, 2, 3):
            stream.send(number)
            stream.score()
        waiting = stream.balance().waiting
        behind = scraped(port, "fraudstream_archive_behind_records", lambda value: value == 3)
        failing = scraped(port, "fraudstream_failing", lambda value: value > 0)
        road.open()
        stream.until(lambda: stream.balance().waiting == 0, "the archiver did not catch up")
        balance = stream.balance()
        running = process.poll() is None
        scraped(port, "fraudstream_failing", lambda value: value == 0)
        scraped(port, "fraudstream_archive_behind_records", lambda value: value == 0)

    assert waiting == 3
    assert behind["fraudstream_archive_behind_seconds"] > 0
    assert failing["fraudstream_failures_total"] > 0
    assert running
    assert balance.problems == ()
    assert (balance.raw, balance.processed) == (3, 3)
    assert process.returncode == 0


def test_records_that_the_broker_forgot_are_an_alarm(stream: ArchivedStream) -> None:
    stream.send(1, 2, 3, 4)
    stream.score()
    stream.forget(before=2)
    late = stream.archive()
    said = stream.said()

    assert late.returncode == 1
    assert "raw records are missing from the archive" in late.stdout + late.stderr
    assert said["status"] == 1
    assert (said["raw"], said["processed"], said["forgotten"]) == (2, 4, 2)
    assert stream.command("accept-gaps").stdout == "1 gaps accepted\n"
    assert stream.archive().returncode == 0
    assert (stream.said()["status"], stream.said()["accepted"]) == (0, 2)
