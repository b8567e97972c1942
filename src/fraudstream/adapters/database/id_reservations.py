"""Reserving transaction ids: stored at once where no repeats are about, looked up first where there are."""

import numpy as np
from psycopg2 import errors
from psycopg2.extensions import cursor as Cursor  # noqa: N812 - a class

from fraudstream.adapters.database.binary_copy import copy_out_row
from fraudstream.adapters.database.slice_rows import write_ids
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.features.events import Bytes, Ints
from fraudstream.ports.slices import LogPart, Reservation

CAREFUL_SLICES = 32
"""So many slices after the last repeat look ids up before they store them; a stream with repeats never pays twice."""
KNOWN_ID = np.dtype([("id", "S16"), ("body_hash", ">i8")])
KNOWN_IDS = """
    SELECT string_agg(uuid_send(id) || int8send(body_hash), ''::bytea)
    FROM unnest(%s::uuid[]) AS wanted (id) JOIN transaction_ids USING (id)
"""


class IdReservations:
    """Reserves ids slice by slice, and remembers whether repeats were about; the unique index decides in either way."""

    def __init__(self) -> None:
        self._careful = 0

    def reserve(
        self, cursor: Cursor, part: LogPart, transaction_id: Bytes, body_hash: Ints, offset: Ints
    ) -> Reservation:
        """See `SliceTransaction.reserve`."""
        if not self._careful and _store_at_once(cursor, part, transaction_id, body_hash, offset):
            return Reservation(np.ones(len(body_hash), np.bool_), body_hash.copy())
        (known,) = copy_out_row(cursor, KNOWN_IDS, [_uuid_array(transaction_id)])
        found = np.frombuffer(known or b"", KNOWN_ID)
        self._careful = CAREFUL_SLICES if len(found) else max(self._careful - 1, 0)
        at = np.searchsorted(transaction_id.reshape(-1).view("S16"), found["id"])
        fresh, stands_for = np.ones(len(body_hash), np.bool_), body_hash.copy()
        fresh[at], stands_for[at] = False, found["body_hash"]
        try:
            write_ids(cursor, part, transaction_id[fresh], body_hash[fresh], offset[fresh])
        except errors.UniqueViolation as error:
            raise TemporarilyUnavailable(f"another slice was in the way: {error}") from error
        return Reservation(fresh, stands_for)


def _store_at_once(cursor: Cursor, part: LogPart, transaction_id: Bytes, body_hash: Ints, offset: Ints) -> bool:
    """Store ids as if all were new; false, and nothing stored, where one is known or was being stored by another."""
    cursor.execute("SAVEPOINT ids")
    try:
        write_ids(cursor, part, transaction_id, body_hash, offset)
    except errors.UniqueViolation:
        cursor.execute("ROLLBACK TO SAVEPOINT ids")
        return False
    return True


def _uuid_array(ids: Bytes) -> str:
    """A PostgreSQL array literal of (n, 16) bytes."""
    digits = ids.tobytes().hex()
    return "{" + ",".join(digits[place : place + 32] for place in range(0, len(digits), 32)) + "}"
