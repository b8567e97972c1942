"""How often payments with a score turned out to be fraud: the newest of those whose outcome is known."""

from collections.abc import Sequence
from dataclasses import dataclass

from fraudstream.adapters.database.connection_pool import ConnectionPool

NEWEST = 20_000
"""Labels that are looked at."""
EDGES = (0.0, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9)
"""Where bins of scores begin."""


@dataclass(frozen=True)
class ScoreBin:
    """Payments whose score lies in one bin: their mean score, and the share that was fraud."""

    model_version: str
    begins: float
    payments: int
    mean_score: float
    fraud_share: float


_BINS = f"""
SELECT model_version, width_bucket(score, %s::float8[]), count(*), avg(score), avg(is_fraud::int)
FROM (SELECT DISTINCT ON (transaction_id) transaction_id, is_fraud
      FROM (SELECT * FROM labels WHERE label_seq IS NOT NULL ORDER BY label_seq DESC LIMIT {NEWEST}) AS newest
      ORDER BY transaction_id, label_seq DESC) AS known
JOIN transaction_ids ON transaction_ids.id = known.transaction_id
JOIN scored_transactions AS scored USING (topic_id, partition, "offset") JOIN slices USING (slice_id)
GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 - a constant


class PostgresCalibration:
    """Raises `TemporarilyUnavailable` if the database does not answer."""

    def __init__(self, pool: ConnectionPool) -> None:
        self._pool = pool

    def bins(self) -> Sequence[ScoreBin]:
        """Every bin that holds a payment, by model version."""
        with self._pool.transaction() as cursor:
            cursor.execute(_BINS, (list(EDGES),))
            return [
                ScoreBin(version, EDGES[max(place - 1, 0)], count, float(mean), float(share))
                for version, place, count, mean, share in cursor
            ]
