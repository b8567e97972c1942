"""`fraudstream explain` as the command that people and programs run."""

import json
import os
import subprocess
import sys
import uuid

import pytest
from tests.integration.analyst.stream import LabelledStream
from tests.integration.verify.postgres_stack import OLD_PAYMENT, fill

from fraudstream.features.catalogue import FEATURE_NAMES

pytestmark = pytest.mark.integration


def explain(transaction_id: object, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fraudstream", "explain", str(transaction_id), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ})


def test_every_stored_score_is_explained_and_proved(stream: LabelledStream) -> None:
    """Scores of two models, alerts, contradictions between slices, a conflict, unreadable records."""
    fill(stream.stack)
    ids = [str(row[0]) for row in stream.stack.run("SELECT transaction_id FROM scored_transactions WHERE alert")]
    done = explain(ids[0], "--json")
    found = json.loads(done.stdout)

    assert (done.returncode, done.stderr) == (0, "")
    assert found["proof"] == {"recomputed": found["verdict"]["score"], "exact": True, "unproved": ""}
    assert [line["name"] for line in found["features"]] == list(FEATURE_NAMES)
    assert len(found["alert"]["notified"]) == 1
    assert found["alert"]["relayed"][0]["sent_at"] is not None


def test_people_get_a_page(stream: LabelledStream) -> None:
    fill(stream.stack)
    done = explain(uuid.UUID(int=2))

    assert done.returncode == 0
    assert "exactly the same score" in done.stdout
    assert "conflicting_id" in done.stdout
    assert all(name in done.stdout for name in FEATURE_NAMES)


def test_what_was_not_scored_ends_with_a_status_of_one(stream: LabelledStream) -> None:
    fill(stream.stack)
    unknown, old = explain("7d444840-9dc0-41d1-b245-5ffdce74fad2"), explain(OLD_PAYMENT)

    assert (unknown.returncode, old.returncode) == (1, 1)
    assert "Nothing else is known of it" in unknown.stdout
    assert "from the history before the log" in old.stdout
    assert "Its outcome: fraud" in old.stdout


def test_an_id_that_is_none_is_named(stream: LabelledStream) -> None:  # noqa: ARG001 - its environment
    done = explain("abc")

    assert done.returncode == 2
    assert "valid UUID" in done.stderr
