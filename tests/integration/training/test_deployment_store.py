"""Deployments in Postgres: model, state and history together, or not at all."""

import dataclasses
import threading
from collections.abc import Callable

import numpy as np
import pytest

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.events import ABSENT
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.models.initial_state import InitialState, WaitingPayments
from fraudstream.ports.life_cycle import Action, Candidate, Challenger, Deployments, Signature

pytestmark = pytest.mark.integration

CONTENT = b"arrays \x00\xff" * 40


TRIED = Signature("ana", "tried")


def a_candidate(version: str = "1", digest: str = "a" * 64) -> Candidate:
    return Candidate("fraudstream", version, digest, 1, 0.125, CONTENT)


def a_state() -> InitialState:
    rng = np.random.default_rng(4)
    return InitialState(
        user_ids=np.array([7, 2**62]),
        customer_state=rng.normal(size=(2, CUSTOMER_STATE_WIDTH)),
        customer_risk=rng.normal(size=(2, CUSTOMER_RISK_WIDTH)),
        merchant_ids=np.array([11]),
        merchant_risk=rng.normal(size=(1, MERCHANT_RISK_WIDTH)),
        waiting=WaitingPayments(
            transaction_id=rng.integers(0, 256, (2, 16)).astype(np.uint8),
            user_id=np.array([7, 8]),
            merchant_id=np.array([11, ABSENT]),
            event_time=np.array([1_750_000_000.25, 1_750_000_001.0]),
            amount=np.array([9.5, 12.0]),
            amount_ratio=np.array([0.5, 3.0]),
        ),
    )


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    connection = connect(url, application="test")
    with connection, connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchall()
    connection.close()
    return found


def state_of(url: str, table: str, key: str, value: str) -> dict[int, bytes]:
    query = f"SELECT {key}, {value} FROM {table} WHERE catalogue_version = 1"  # noqa: S608 - names of this file
    return {int(str(found)): bytes(content) for found, content in rows(url, query)}  # type: ignore[call-overload]


@pytest.fixture
def deployments(database_url: str) -> PostgresDeployments:
    return PostgresDeployments(database_url)


def test_an_artefact_is_stored_byte_by_byte(deployments: PostgresDeployments, database_url: str) -> None:
    deployments.deploy(a_candidate(), None, TRIED)

    [(content,)] = rows(database_url, "SELECT content FROM model_artefacts")
    assert bytes(content) == CONTENT  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("table", "key", "value", "part"),
    [
        ("customer_state", "user_id", "state", "customer_state"),
        ("customer_risk", "user_id", "risk", "customer_risk"),
        ("merchant_risk", "merchant_id", "risk", "merchant_risk"),
    ],
)
def test_state_is_kept_twice_once_to_move_and_once_to_start_from(
    deployments: PostgresDeployments, database_url: str, table: str, key: str, value: str, part: str
) -> None:
    state = a_state()
    deployments.deploy(a_candidate(), state, TRIED)

    ids = state.merchant_ids if key == "merchant_id" else state.user_ids
    expected = {int(i): row.tobytes() for i, row in zip(ids, getattr(state, part), strict=True)}
    assert state_of(database_url, table, key, value) == expected
    assert state_of(database_url, f"initial_{table}", key, value) == expected


def test_payments_waiting_for_a_label_come_along(deployments: PostgresDeployments, database_url: str) -> None:
    state = a_state()
    deployments.deploy(a_candidate(), state, TRIED)

    found = rows(
        database_url,
        "SELECT user_id, merchant_id, extract(epoch FROM event_time)::float8, amount, amount_ratio,"
        " decode(replace(transaction_id::text, '-', ''), 'hex') FROM history_transactions ORDER BY user_id",
    )

    assert [row[:5] for row in found] == [(7, 11, 1_750_000_000.25, 9.5, 0.5), (8, None, 1_750_000_001.0, 12.0, 3.0)]
    assert [bytes(row[5]) for row in found] == [i.tobytes() for i in state.waiting.transaction_id]  # type: ignore[call-overload]


def test_the_state_says_which_labels_it_contains(deployments: PostgresDeployments, database_url: str) -> None:
    deployments.deploy(a_candidate(), a_state(), TRIED)

    assert deployments.has_state(1)
    assert rows(database_url, "SELECT catalogue_version, as_of_positions, label_seq FROM state_versions") == [
        (1, {}, 0)
    ]


def test_another_version_takes_over_and_leaves_state_alone(deployments: PostgresDeployments, database_url: str) -> None:
    deployments.deploy(a_candidate(), a_state(), TRIED)
    before = state_of(database_url, "customer_state", "user_id", "state")
    other = dataclasses.replace(a_state(), customer_state=np.zeros((2, CUSTOMER_STATE_WIDTH)))

    second = deployments.deploy(a_candidate("2", "b" * 64), other, TRIED)

    assert deployments.active() == second
    assert state_of(database_url, "customer_state", "user_id", "state") == before


def test_a_promotion_that_fails_leaves_nothing_behind(deployments: PostgresDeployments, database_url: str) -> None:
    """The second merchant of this state breaks its primary key after everything else was written."""
    state = dataclasses.replace(
        a_state(), merchant_ids=np.array([11, 11]), merchant_risk=np.zeros((2, MERCHANT_RISK_WIDTH))
    )

    with pytest.raises(TemporarilyUnavailable, match="did not take the promotion"):
        deployments.deploy(a_candidate(), state, TRIED)

    assert rows(database_url, "SELECT count(*) FROM model_artefacts") == [(0,)]
    assert rows(database_url, "SELECT count(*) FROM customer_state") == [(0,)]
    assert rows(database_url, "SELECT count(*) FROM model_decisions") == [(0,)]
    assert deployments.active() is None


def brought_back(deployments: Deployments, _: Challenger) -> None:
    active = deployments.active()
    assert active is not None
    deployments.restore(deployments.past(1)[0], TRIED, instead_of=active)


LOSSES: dict[str, Callable[[Deployments, Challenger], object]] = {
    "deployed": lambda deployments, _: deployments.deploy(a_candidate("2", "b" * 64), None, TRIED),
    "ended": lambda deployments, trial: deployments.end_trial(trial, Action.KEEP, TRIED),
    "brought back": brought_back,
    "tried": lambda deployments, _: deployments.begin_trial(a_candidate("2", "b" * 64), TRIED),
}


@pytest.mark.parametrize("change", LOSSES.values(), ids=LOSSES.keys())
def test_what_cannot_be_put_on_record_is_not_done(
    deployments: PostgresDeployments, database_url: str, change: Callable[[Deployments, Challenger], object]
) -> None:
    deployments.deploy(a_candidate(), a_state(), TRIED)
    trial = deployments.begin_trial(a_candidate("2", "b" * 64), TRIED)
    if change is LOSSES["tried"]:
        deployments.end_trial(trial, Action.KEEP, TRIED)
    state = "SELECT (SELECT array_agg(d) FROM deployments d), (SELECT array_agg(c) FROM challengers c)"
    before = rows(database_url, state)
    rows(database_url, "ALTER TABLE model_decisions ADD CHECK (false) NOT VALID; SELECT 1")

    with pytest.raises(TemporarilyUnavailable, match="did not take the promotion"):
        change(deployments, trial)
    assert rows(database_url, state) == before


def test_two_decisions_at_once_take_turns(deployments: PostgresDeployments) -> None:
    """Of two that want to replace the same deployment, the second one learns that it came too late."""
    first = deployments.deploy(a_candidate(), a_state(), TRIED)
    fates: list[str] = []

    def decide(version: str) -> None:
        try:
            deployments.deploy(a_candidate(version, version * 64), None, TRIED, instead_of=first)
            fates.append("deployed")
        except TemporarilyUnavailable:
            fates.append("too late")

    threads = [threading.Thread(target=decide, args=(version,)) for version in "23456"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert sorted(fates) == ["deployed", *["too late"] * 4]
    assert len(deployments.past(10)) == len(deployments.decisions(10)) == 2


def test_a_database_that_does_not_answer_is_told() -> None:
    unreachable = PostgresDeployments("postgresql+psycopg2://user:password@127.0.0.1:1/fraudstream")

    with pytest.raises(TemporarilyUnavailable, match="did not accept the connection"):
        unreachable.active()
