"""Committed scores reach DynamoDB, as a role that only reads."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack, fill
from tests.ports.test_score_table import made

from fraudstream.adapters.aws.calls import dynamodb_client
from fraudstream.adapters.aws.score_table import DynamoDbScoreTable
from fraudstream.adapters.database.committed_scores import PostgresCommittedScores
from fraudstream.adapters.database.roles import Role
from fraudstream.clock import ManualClock, SystemClock
from fraudstream.errors import ConfigurationError, TemporarilyUnavailable
from fraudstream.projection.projector import Projector

pytestmark = pytest.mark.integration

MAIN = Path(__file__).parents[3] / "services" / "dynamodb_projector" / "main.py"
PATIENCE = 180.0


def test_every_committed_score_is_copied_and_a_restart_copies_what_came_after(
    world: RoleWorld,
    aws_environment: object,  # noqa: ARG001 - it names the endpoint
    unique_name: Callable[[str], str],
) -> None:
    name = unique_name("scores")
    table = made(name)
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
        fill(stack)
        for _ in range(2):  # the second one is another process
            committed = PostgresCommittedScores(world.url(Role.READER))
            with contextlib.closing(committed):
                projector = Projector(committed, table, ManualClock())
                while projector.step():
                    pass
        stored = stack.run(
            "SELECT transaction_id, score, alert, model_version FROM scored_transactions JOIN slices USING (slice_id)"
        )

    items = dynamodb_client().scan(TableName=name)["Items"]
    copies = {
        uuid.UUID(item["id"]["S"]): (float(item["score"]["N"]), item["alert"]["BOOL"], item["model_version"]["S"])
        for item in items
        if not item["id"]["S"].startswith("position#")
    }
    assert copies == {uuid.UUID(str(row[0])): tuple(row[1:]) for row in stored}
    assert len(copies) == 48
    ends = committed.ends()
    assert {place: table.position(place) for place in ends} == ends


def test_the_service_makes_its_table_copies_and_ends_cleanly(
    world: RoleWorld,
    aws_environment: object,  # noqa: ARG001 - it names the endpoint
    unique_name: Callable[[str], str],
) -> None:
    name, clock = unique_name("scores"), SystemClock()
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
        fill(stack)
    variables = {"DATABASE_URL": world.url(Role.READER), "SCORES_TABLE": name}
    committed = PostgresCommittedScores(world.url(Role.READER))
    with (
        contextlib.closing(committed),
        subprocess.Popen([sys.executable, str(MAIN), "--create-table"], env={**os.environ, **variables}) as process,
    ):
        watchdog = threading.Timer(PATIENCE, process.kill)
        watchdog.start()
        table = DynamoDbScoreTable(name, kept=1.0)

        def done() -> bool:
            with contextlib.suppress(ConfigurationError, TemporarilyUnavailable):  # not made yet
                return all(table.position(place) == end for place, end in committed.ends().items())
            return False

        while not done():
            assert process.poll() is None
            clock.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        status = process.wait(PATIENCE)
        watchdog.cancel()

    assert status == 0
    assert len(dynamodb_client().scan(TableName=name)["Items"]) == 48 + 2
