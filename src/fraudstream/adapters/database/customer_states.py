"""Locking customers' states for a slice: newcomers get one first, and who is known to have one is not asked about."""

import numpy as np
import psycopg2
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.binary_copy import bigint_array, copy_out_row, in_order, keyed_rows
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.events import Floats, Ints
from fraudstream.features.state import CUSTOMER_STATE_WIDTH

MOST_KNOWN = 250_000
"""Customers remembered at the most, some 20 MB of a worker; then it begins anew."""
ADMIT = """
    INSERT INTO customer_state (catalogue_version, user_id, state)
    SELECT %s, user_id, %s FROM unnest(%s::bigint[]) AS wanted (user_id) ORDER BY user_id
    ON CONFLICT DO NOTHING RETURNING user_id
"""
LOCK = """
    SELECT string_agg(int8send(user_id) || state, ''::bytea) FROM (
        SELECT user_id, state FROM customer_state
        WHERE catalogue_version = %s AND user_id = ANY (%s::bigint[])
        ORDER BY user_id FOR UPDATE
    ) AS locked
"""


class CustomerStates:
    """Locks states slice by slice, and remembers of whom others have committed one: nobody ever takes it away."""

    def __init__(self) -> None:
        self._catalogue_version: int | None = None
        self._known: set[int] = set()

    def lock(self, cursor: Cursor, catalogue_version: int, user_id: Ints) -> Floats:
        """See `SliceTransaction.lock_states`.

        Raises:
            TemporarilyUnavailable: somebody did take one away; the next attempt gives it back.
        """
        if catalogue_version != self._catalogue_version or len(self._known) > MOST_KNOWN:
            self._catalogue_version, self._known = catalogue_version, set()
        users = user_id.tolist()
        self._admit(cursor, [user for user in users if user not in self._known])
        (aggregate,) = copy_out_row(cursor, LOCK, [catalogue_version, bigint_array(users)])
        keys, rows = keyed_rows(aggregate, CUSTOMER_STATE_WIDTH)
        if len(keys) < len(users):
            self._known.clear()
            raise TemporarilyUnavailable(f"the state of {len(users) - len(keys):,} customers was deleted meanwhile")
        return in_order(user_id, keys, rows)

    def _admit(self, cursor: Cursor, users: list[int]) -> None:
        """Give a state to those who have none; who gets it here may lose it again, as long as we have not committed."""
        if not users:
            return
        nothing = psycopg2.Binary(np.zeros(CUSTOMER_STATE_WIDTH).tobytes())
        cursor.execute(ADMIT, [self._catalogue_version, nothing, bigint_array(users)])
        self._known.update(users)
        self._known.difference_update(user for (user,) in cursor.fetchall())
