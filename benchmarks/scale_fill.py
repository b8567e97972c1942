"""Customers and rows made up by the database itself, so that a large past costs minutes and not days."""

import contextlib

from fraudstream.adapters.database.sessions import connect
from fraudstream.progress import Progress

FIRST_CUSTOMER = 1_000_000_000
"""Made-up customers are numbered from here on, beyond those of any city."""
CHUNK = 1_000_000
CUSTOMERS = """
INSERT INTO customer_state (catalogue_version, user_id, state)
SELECT catalogue_version, (%(first)s + user_id) * %(clones)s + number, state
FROM customer_state, generate_series(0, %(clones)s - 1) AS number WHERE user_id < %(first)s
ON CONFLICT DO NOTHING
"""
MONTHS = """
SELECT create_month_of_scores(timestamptz '2024-01-01 00:00Z' + number * interval '1 month')
FROM generate_series(0, 9) AS number
"""
ROWS = """
INSERT INTO scored_transactions (topic_id, partition, "offset", log_time, slice_id, transaction_id, body_hash, user_id,
    event_time, amount, merchant_category, location, payment_method, merchant_id, device_id, channel, currency, score,
    alert, features)
SELECT uuid '00000000-0000-4000-8000-000000000001', 0, number,
    timestamptz '2024-01-01 00:00Z' + number * interval '0.5 s', 0, gen_random_uuid(), number,
    %(first)s + number / 50, timestamptz '2024-01-01 00:00Z' + number * interval '0.5 s', amount, merchant_category,
    location, payment_method, merchant_id, device_id, channel, currency, score, false, features
FROM generate_series(%(begin)s, %(end)s - 1) AS number,
    (SELECT * FROM scored_transactions WHERE slice_id > 0 LIMIT 1) AS one
"""
IDS = """
INSERT INTO transaction_ids (id, body_hash, topic_id, partition, "offset")
SELECT gen_random_uuid(), number, uuid '00000000-0000-4000-8000-000000000001', 0, number
FROM generate_series(%(begin)s, %(end)s - 1) AS number
"""
FILLED = """
SELECT coalesce(max("offset") + 1, 0) FROM scored_transactions WHERE slice_id = 0 AND log_time < '2025-01-01'
"""


def first_clone(user_id: int, clones: int) -> int:
    """The number of the first of a customer's clones; the others follow."""
    return (FIRST_CUSTOMER + user_id) * clones


def fill_customers(url: str, clones: int) -> None:
    """Give each customer of the city so many clones, who begin with its state."""
    with contextlib.closing(connect(url, application="fraudstream benchmark")) as connection, connection:
        connection.cursor().execute(CUSTOMERS, {"first": FIRST_CUSTOMER, "clones": clones})
    _tidy(url)


def fill_rows(url: str, count: int) -> None:
    """Bring the made-up rows of earlier months, and the ids that they reserve, to this number.

    Ids are random, as real ones are: their unique index is dropped for the time of the filling and built again.
    """
    with contextlib.closing(connect(url, application="fraudstream benchmark")) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(FILLED)
            (filled,) = cursor.fetchone() or (0,)
            if filled >= count:
                return
            if not filled:
                cursor.execute(MONTHS)
            cursor.execute("ALTER TABLE transaction_ids DROP CONSTRAINT pk_transaction_ids")
        with Progress("rows made up") as bar:
            for begin in range(filled, count, CHUNK):
                with connection, connection.cursor() as cursor:
                    place = {"begin": begin, "end": min(begin + CHUNK, count), "first": FIRST_CUSTOMER}
                    cursor.execute(ROWS, place)
                    cursor.execute(IDS, place)
                bar.report(begin + CHUNK, count)
        with connection, connection.cursor() as cursor:
            cursor.execute("SET LOCAL maintenance_work_mem = '512MB'")
            cursor.execute("ALTER TABLE transaction_ids ADD CONSTRAINT pk_transaction_ids PRIMARY KEY (id)")
    _tidy(url)


def stored_bytes(url: str) -> int:
    """Size of the database on disk."""
    opened = contextlib.closing(connect(url, application="fraudstream benchmark"))
    with opened as connection, connection, connection.cursor() as cursor:
        cursor.execute("SELECT pg_database_size(current_database())")
        return int((cursor.fetchone() or (0,))[0])


def _tidy(url: str) -> None:
    """What autovacuum would have done by then."""
    with contextlib.closing(connect(url, application="fraudstream benchmark")) as connection:
        connection.autocommit = True
        connection.cursor().execute("VACUUM (ANALYZE, FREEZE)")
        connection.cursor().execute("CHECKPOINT")
