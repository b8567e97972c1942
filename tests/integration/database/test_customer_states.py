"""Customers' states, locked by a slice on a real database: newcomers, the known, and what a lost transaction leaves."""

import contextlib
from collections.abc import Iterator

import numpy as np
import pytest
from psycopg2.extensions import connection as Connection  # noqa: N812 - a class
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.customer_states import CustomerStates
from fraudstream.adapters.database.sessions import connect
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.state import CUSTOMER_STATE_WIDTH

pytestmark = pytest.mark.integration

VERSION = 1
USERS = np.array([7, 3, 5])


class Counting(Cursor):
    """Counts how often somebody is given a state."""

    admissions = 0

    def execute(self, query: object, vars: object = None) -> None:  # noqa: A002 - psycopg2's name
        Counting.admissions += "INSERT INTO customer_state" in str(query)
        super().execute(query, vars)  # type: ignore[arg-type]


@pytest.fixture
def session(database_url: str) -> Iterator[Connection]:
    with contextlib.closing(connect(database_url, application="test")) as connection:
        connection.cursor_factory = Counting
        Counting.admissions = 0
        yield connection


def locked(session: Connection, states: CustomerStates, users: object = USERS, *, commit: bool = True) -> list[float]:
    with session.cursor() as cursor:
        found = states.lock(cursor, VERSION, np.asarray(users))
        for user in np.asarray(users).tolist():
            row = np.full(CUSTOMER_STATE_WIDTH, float(user)).tobytes()
            cursor.execute("UPDATE customer_state SET state = %s WHERE user_id = %s", (row, user))
    session.commit() if commit else session.rollback()
    return [float(number) for number in found[:, 0]]


def test_newcomers_begin_with_nothing_and_states_come_in_the_order_asked(session: Connection) -> None:
    states = CustomerStates()

    assert locked(session, states) == [0.0, 0.0, 0.0]
    assert locked(session, states, [3, 9, 7]) == [3.0, 0.0, 7.0]


def test_who_is_known_to_have_a_state_is_not_given_one_again(session: Connection) -> None:
    states = CustomerStates()
    for _ in range(5):
        locked(session, states)

    assert Counting.admissions == 2  # who was given one here counts as known when it is there the next time


def test_what_a_lost_transaction_gave_is_given_again(session: Connection) -> None:
    states = CustomerStates()

    assert locked(session, states, commit=False) == [0.0, 0.0, 0.0]
    assert locked(session, states) == [0.0, 0.0, 0.0]
    assert locked(session, states) == [7.0, 3.0, 5.0]


def test_a_state_that_somebody_took_away_is_told_and_given_back(session: Connection) -> None:
    states = CustomerStates()
    locked(session, states)
    locked(session, states)
    with session.cursor() as cursor:
        cursor.execute("DELETE FROM customer_state WHERE user_id = 3")
    session.commit()

    with pytest.raises(TemporarilyUnavailable, match="state of 1 customers was deleted"):
        locked(session, states)
    session.rollback()
    assert locked(session, states) == [7.0, 0.0, 5.0]
