"""Deployments in Postgres: model, state and history together, or not at all."""

import dataclasses

import numpy as np
import pytest

from fraudstream.adapters.database.deployment_store import PostgresDeployments, Promotion
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.events import ABSENT
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.models.initial_state import InitialState, WaitingPayments

pytestmark = pytest.mark.integration

CONTENT = b"arrays \x00\xff" * 40


def a_promotion(version: str = "1", digest: str = "a" * 64) -> Promotion:
    return Promotion(
        model_name="fraudstream",
        model_version=version,
        digest=digest,
        catalogue_version=1,
        threshold=0.125,
        reason="tried",
        content=CONTENT,
    )


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


def test_before_the_first_promotion_nothing_is_active(deployments: PostgresDeployments) -> None:
    assert deployments.active() is None
    assert not deployments.has_state(1)


def test_a_promotion_brings_the_artefact_and_is_active(deployments: PostgresDeployments, database_url: str) -> None:
    deployed = deployments.deploy(a_promotion(), None)

    assert deployments.active() == deployed
    assert (deployed.model_version, deployed.digest, deployed.threshold) == ("1", "a" * 64, 0.125)
    [(content,)] = rows(database_url, "SELECT content FROM model_artefacts")
    assert bytes(content) == CONTENT  # type: ignore[call-overload]
    assert rows(database_url, "SELECT reason FROM deployments WHERE active") == [("tried",)]


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
    deployments.deploy(a_promotion(), state)

    ids = state.merchant_ids if key == "merchant_id" else state.user_ids
    expected = {int(i): row.tobytes() for i, row in zip(ids, getattr(state, part), strict=True)}
    assert state_of(database_url, table, key, value) == expected
    assert state_of(database_url, f"initial_{table}", key, value) == expected


def test_payments_waiting_for_a_label_come_along(deployments: PostgresDeployments, database_url: str) -> None:
    state = a_state()
    deployments.deploy(a_promotion(), state)

    found = rows(
        database_url,
        "SELECT user_id, merchant_id, extract(epoch FROM event_time)::float8, amount, amount_ratio,"
        " decode(replace(transaction_id::text, '-', ''), 'hex') FROM history_transactions ORDER BY user_id",
    )

    assert [row[:5] for row in found] == [(7, 11, 1_750_000_000.25, 9.5, 0.5), (8, None, 1_750_000_001.0, 12.0, 3.0)]
    assert [bytes(row[5]) for row in found] == [i.tobytes() for i in state.waiting.transaction_id]  # type: ignore[call-overload]


def test_the_state_says_which_labels_it_contains(deployments: PostgresDeployments, database_url: str) -> None:
    deployments.deploy(a_promotion(), a_state())

    assert deployments.has_state(1)
    assert rows(database_url, "SELECT catalogue_version, as_of_positions, label_seq FROM state_versions") == [
        (1, {}, 0)
    ]


def test_promoting_the_active_version_again_changes_nothing(
    deployments: PostgresDeployments, database_url: str
) -> None:
    first = deployments.deploy(a_promotion(), a_state())

    again = deployments.deploy(a_promotion(), a_state())

    assert again == first
    assert rows(database_url, "SELECT count(*) FROM deployments") == [(1,)]


def test_another_version_takes_over_and_leaves_state_alone(deployments: PostgresDeployments, database_url: str) -> None:
    deployments.deploy(a_promotion(), a_state())
    before = state_of(database_url, "customer_state", "user_id", "state")
    other = dataclasses.replace(a_state(), customer_state=np.zeros((2, CUSTOMER_STATE_WIDTH)))

    second = deployments.deploy(a_promotion("2", "b" * 64), other)

    assert deployments.active() == second
    assert state_of(database_url, "customer_state", "user_id", "state") == before
    assert rows(database_url, "SELECT count(*) FILTER (WHERE active), count(*) FROM deployments") == [(1, 2)]


def test_a_version_can_come_back(deployments: PostgresDeployments) -> None:
    deployments.deploy(a_promotion("1", "a" * 64), a_state())
    deployments.deploy(a_promotion("2", "b" * 64), None)

    assert deployments.deploy(a_promotion("1", "a" * 64), None).deployment_id == 3


def test_a_promotion_that_fails_leaves_nothing_behind(deployments: PostgresDeployments, database_url: str) -> None:
    """The second merchant of this state breaks its primary key after everything else was written."""
    state = dataclasses.replace(
        a_state(), merchant_ids=np.array([11, 11]), merchant_risk=np.zeros((2, MERCHANT_RISK_WIDTH))
    )

    with pytest.raises(TemporarilyUnavailable, match="did not take the promotion"):
        deployments.deploy(a_promotion(), state)

    assert rows(database_url, "SELECT count(*) FROM model_artefacts") == [(0,)]
    assert rows(database_url, "SELECT count(*) FROM customer_state") == [(0,)]
    assert deployments.active() is None


def test_a_database_that_does_not_answer_is_told() -> None:
    unreachable = PostgresDeployments("postgresql+psycopg2://user:password@127.0.0.1:1/fraudstream")

    with pytest.raises(TemporarilyUnavailable, match="did not accept the connection"):
        unreachable.active()
