"""`KnownFrauds` in Postgres."""

from contextlib import closing

import numpy as np

from fraudstream.adapters.database.refusals import refusals_told
from fraudstream.adapters.database.sessions import connect
from fraudstream.features.events import Bytes, uuid_at
from fraudstream.ports.matured import Bools

FRAUDS = """
SELECT asked.number - 1 FROM unnest(%s::uuid[]) WITH ORDINALITY AS asked (transaction_id, number)
CROSS JOIN LATERAL (
    SELECT is_fraud FROM labels
    WHERE labels.transaction_id = asked.transaction_id AND label_seq IS NOT NULL
    AND arrived_at <= to_timestamp(%s)
    ORDER BY label_seq + 0 DESC LIMIT 1
) AS known
WHERE known.is_fraud
"""
FORBIDDEN = "this database role may not read labels: DATABASE_URL must name the promoter's role, or the reader's"


class PostgresKnownFrauds:
    """Opens a connection for each question; nothing is written."""

    def __init__(self, url: str) -> None:
        self._url = url

    def frauds(self, transaction_ids: Bytes, as_of: float) -> Bools:
        """See `KnownFrauds.frauds`."""
        found = np.zeros(len(transaction_ids), np.bool_)
        if not len(transaction_ids):
            return found
        asked = [str(uuid_at(transaction_ids, row)) for row in range(len(transaction_ids))]
        with (
            refusals_told(forbidden=FORBIDDEN, trouble="the labels could not be read"),
            closing(connect(self._url, application="fraudstream-train")) as connection,
        ):
            connection.set_session(readonly=True)
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL statement_timeout = '120s'; SET LOCAL jit = off")
                cursor.execute(FRAUDS, (asked, as_of))
                found[[number for (number,) in cursor]] = True
        return found
