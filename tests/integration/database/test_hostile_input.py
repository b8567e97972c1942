"""What strangers write reaches the database as a value and nothing else, and no card number stays readable in it."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

import msgspec
import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.verify.postgres_stack import PostgresStack
from tests.servers.databases import Databases
from tests.unit.verify.memory_stack import a_payment

from fraudstream.adapters.database.alert_queue import PostgresAlertQueue
from fraudstream.adapters.database.connection_pool import ConnectionPool
from fraudstream.adapters.database.quarantine_desk import PostgresQuarantine
from fraudstream.adapters.database.roles import Role
from fraudstream.adapters.database.texts import text_columns, texts
from fraudstream.contracts.transaction import encode_transaction
from fraudstream.dashboard.asking import Filters
from fraudstream.leaks.main import found_in

pytestmark = pytest.mark.integration
CARD = "4111 1111 1111 1111"
HOSTILE = (
    "'; DROP TABLE alerts; --",
    "1 OR 1=1",
    "1); DELETE FROM scored_transactions; SELECT (1",
    "%(named)s",
    "%s %% {window} {order}",
    "\\'; SELECT pg_sleep(30); --",
    "customer 1; DROP TABLE alerts",
    "newest; DROP TABLE alerts",
    "$$; COPY alerts TO PROGRAM 'touch /tmp/x'; $$",
    "\u02bc OR 1=1",
    "all' UNION SELECT password_hash FROM accounts --",
)
COUNTS = "SELECT (SELECT count(*) FROM alerts), (SELECT count(*) FROM scored_transactions)"


@pytest.fixture(scope="module")
def stack(granted: RoleWorld, databases: Databases) -> Iterator[PostgresStack]:
    world = replace(granted, database=f"{granted.database}_hostile")
    databases.create(world.database, template=granted.database, owner=Role.MIGRATE)
    world.ensure_roles()
    with contextlib.ExitStack() as resources:
        stack = PostgresStack(world.url(Role.MIGRATE), resources, world.urls())
        for number in range(1, 9):
            stack.send(a_payment(number, user_id=number, amount=900.0))
        for record in with_a_card_number_in_every_field():
            stack.send(record, partition=1)
        stack.score(0)
        stack.score(1)
        yield stack
    granted.ensure_roles()
    databases.drop(world.database)


def with_a_card_number_in_every_field() -> Iterator[bytes]:
    document = msgspec.json.decode(encode_transaction(a_payment(50)))
    for field in document:
        yield msgspec.json.encode(document | {field: CARD})
        yield msgspec.json.encode(document | {field: f"it's {CARD}, declined"})
    yield msgspec.json.encode(document | {CARD: 1})
    yield f"card {CARD}".encode()
    yield f'{{"transaction_id": "{CARD}'.encode()


@pytest.mark.parametrize("field", ["q", "state", "severity", "least", "order", "show"])
def test_no_filter_of_the_queue_becomes_a_statement(stack: PostgresStack, field: str) -> None:
    queue = PostgresAlertQueue(ConnectionPool(stack.url_of(Role.READER), application="test", readonly=True))
    before = stack.run(COUNTS)
    for text in HOSTILE:
        wanted = Filters.read({field: text, "state": "all"} if field != "state" else {field: text}).wanted
        rows = [] if wanted is None else queue.find(wanted)
        assert len(rows) <= before[0][0]

    assert stack.run(COUNTS) == before
    assert before[0][0] > 0


def test_no_name_of_a_topic_becomes_a_statement(stack: PostgresStack) -> None:
    desk = PostgresQuarantine(stack.url_of(Role.OPERATOR))

    assert [desk.find(text, 1, 0) for text in HOSTILE] == [None] * len(HOSTILE)


def test_no_table_holds_a_card_number_that_was_sent(stack: PostgresStack) -> None:
    ((refused,),) = stack.run("SELECT count(*) FROM quarantine")

    assert refused >= 10
    assert found_in(texts(stack.url_of(Role.READER))) == []


def test_a_card_number_in_any_column_of_words_would_be_found(stack: PostgresStack) -> None:
    """The look itself can fail: one is planted, and taken away again."""
    assert {"alerts", "quarantine", "outbox", "audit_log", "replays"} <= text_columns().keys()
    stack.run("UPDATE outbox SET key = %s", b"4111111111111111")
    stack.run("INSERT INTO audit_log (account, address, action, about, detail) VALUES ('a', '', '', '', %s)", CARD)
    try:
        found = dict(line.split(": ", 1) for line in found_in(texts(stack.url_of(Role.READER))))
    finally:
        stack.run("UPDATE outbox SET key = ''")
        stack.run("DELETE FROM audit_log")

    assert found.keys() == {"outbox.key", "audit_log.detail"}
    assert found["audit_log.detail"] == "1 (************1111)"
