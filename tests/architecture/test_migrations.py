"""The migrations lead to exactly the tables that the code defines."""

import contextlib
import datetime as dt
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from sqlalchemy import Connection, create_engine, text

from fraudstream.adapters.database import partitions
from fraudstream.adapters.database.migrate import configuration, upgrade
from fraudstream.adapters.database.partitions import ensure_partitions
from fraudstream.adapters.database.schema import metadata
from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.tables import TRANSACTION_ID_PARTITIONS
from fraudstream.errors import TemporarilyUnavailable

pytestmark = pytest.mark.integration

NOVEMBER = dt.datetime(2026, 11, 24, 9, 30, tzinfo=dt.UTC)


@contextlib.contextmanager
def opened(url: str) -> Iterator[Connection]:
    engine = create_engine(url)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def test_the_migrated_schema_is_the_defined_one(database_url: str) -> None:
    with opened(database_url) as connection:
        command.check(configuration(connection))


def test_the_way_back_leaves_nothing(empty_database_url: str) -> None:
    upgrade(empty_database_url)
    with opened(empty_database_url) as connection:
        command.downgrade(configuration(connection), "base")
        connection.commit()
        tables = connection.scalars(text("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")).all()
        functions = connection.scalar(text("SELECT count(*) FROM pg_proc WHERE pronamespace = 'public'::regnamespace"))

    assert (tables, functions) == (["alembic_version"], 0)


def test_several_processes_may_upgrade_at_once(empty_database_url: str) -> None:
    problems: list[Exception] = []

    def one() -> None:
        try:
            upgrade(empty_database_url)
        except Exception as error:  # noqa: BLE001 - it is reported by the assertion
            problems.append(error)

    threads = [threading.Thread(target=one) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)

    assert problems == []


def test_an_unreachable_server_is_a_temporary_problem(database_url: str) -> None:
    with pytest.raises(TemporarilyUnavailable, match="could not be migrated"):
        upgrade(database_url.rsplit("/", 1)[0] + "/there_is_no_such_database")


def test_every_table_says_what_it_is_for(database_url: str) -> None:
    with opened(database_url) as connection:
        found = connection.execute(
            text("SELECT relname, obj_description(oid) FROM pg_class WHERE relnamespace = 'public'::regnamespace")
        )
        described = {row.relname: row.obj_description for row in found}

    assert {name: described[name] for name in metadata.tables} == {n: t.comment for n, t in metadata.tables.items()}
    assert all(table.comment for table in metadata.tables.values())


def test_state_rows_are_stored_plainly_and_ids_are_spread(database_url: str) -> None:
    with opened(database_url) as connection:
        storage = connection.scalars(
            text(
                "SELECT DISTINCT attstorage::text FROM pg_attribute JOIN pg_class ON attrelid = pg_class.oid"
                " WHERE attname IN ('state', 'risk') AND relkind = 'r'"
            )
        ).all()
        spread = connection.scalar(
            text("SELECT count(*) FROM pg_inherits WHERE inhparent = 'transaction_ids'::regclass")
        )

    assert storage == ["p"]
    assert spread == TRANSACTION_ID_PARTITIONS


def test_label_progress_begins_with_its_one_row(database_url: str) -> None:
    with opened(database_url) as connection:
        assert connection.execute(text("SELECT label_seq FROM label_progress")).all() == [(0,)]


def test_months_around_now_are_made_once(database_url: str) -> None:
    with contextlib.closing(connect(database_url, application="test")) as connection:
        made = ensure_partitions(connection, NOVEMBER)
        again = ensure_partitions(connection, NOVEMBER)

    months = ("2026_10", "2026_11", "2026_12", "2027_01", "2027_02")
    assert made == [f"scored_transactions_{month}" for month in months]
    assert again == []


def test_a_month_whose_rows_are_in_the_default_partition_stays_there(database_url: str) -> None:
    with contextlib.closing(connect(database_url, application="test")) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO scored_transactions SELECT gen_random_uuid(), 0, 0, %s, 1, gen_random_uuid(), 0, 7, %s, 1,"
                " 0, 0, 0, NULL, NULL, NULL, NULL, 0.5, false, ''",
                [NOVEMBER, NOVEMBER],
            )
        made = ensure_partitions(connection, NOVEMBER)

    assert "scored_transactions_2026_11" not in made
    assert len(made) == 4


def test_a_month_whose_lock_cannot_be_had_is_left_out(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(partitions, "LOCK_TIMEOUT", "10ms")
    with contextlib.closing(connect(database_url, application="test")) as connection, opened(database_url) as reader:
        reader.execute(text("LOCK TABLE scored_transactions IN ACCESS SHARE MODE"))
        reader.execute(text("LOCK TABLE scored_transactions_default IN ACCESS SHARE MODE"))
        made = ensure_partitions(connection, NOVEMBER)

    assert made == []


def test_functions_with_the_owners_rights_are_nobodys_until_granted(database_url: str) -> None:
    with opened(database_url) as connection:
        found = connection.execute(
            text(
                "SELECT obj_description(oid, 'pg_proc'), prosecdef, array_to_string(proacl, ' '),"
                " 'search_path=pg_catalog, pg_temp' = ANY(proconfig), pg_get_userbyid(proowner)"
                " FROM pg_proc WHERE pronamespace = 'public'::regnamespace"
            )
        ).all()

    assert len(found) == 5
    for comment, definer, rights, pinned, owner in found:
        assert (bool(comment), definer, rights, pinned) == (True, True, f"{owner}=X/{owner}", True)


def test_the_wheel_carries_the_migrations() -> None:
    settings = (Path(__file__).parents[2] / "pyproject.toml").read_text()

    assert '"db/migrations" = "fraudstream/adapters/database/migrations"' in settings
