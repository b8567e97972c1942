"""Databases for single tests, copied from one that was migrated once."""

import contextlib
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

import stamina
from psycopg2.errors import InsufficientPrivilege
from sqlalchemy.engine import make_url

from fraudstream.adapters.database.sessions import connect

TEMPLATE = "migrated_template"


@dataclass(frozen=True)
class Databases:
    """Creates and drops databases on one server; `url` names a database whose role may do so."""

    url: str

    def create(self, name: str, *, template: str = "template0", owner: str = "DEFAULT") -> str:
        """Create one database; returns its URL."""
        self._run(f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {owner}')
        return make_url(self.url).set(database=name).render_as_string(hide_password=False)

    def drop(self, name: str) -> None:
        """Drop one database, whoever is still connected to it.

        A role that is no superuser may not end an autovacuum worker that happens to be there; it is gone soon.
        """
        for attempt in stamina.retry_context(on=InsufficientPrivilege, attempts=10, timeout=30.0):
            with attempt:
                self._run(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @contextlib.contextmanager
    def temporary(self, *, template: str = "template0") -> Iterator[str]:
        """URL of a database that is dropped afterwards."""
        name = f"test_{uuid.uuid4().hex[:12]}"
        try:
            yield self.create(name, template=template)
        finally:
            self.drop(name)

    def _run(self, statement: str) -> None:
        connection = connect(self.url, application="fraudstream-tests")
        with contextlib.closing(connection):
            connection.autocommit = True
            connection.cursor().execute(statement)
