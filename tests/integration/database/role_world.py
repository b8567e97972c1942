"""A migrated database in which every role has its rights, and ways to act as each."""

import contextlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import make_url

from fraudstream.adapters.database.roles import Role, ensure_roles
from fraudstream.adapters.database.sessions import connect

PASSWORDS = {role: f"it's p@ss:word/of {role}%s" for role in Role}

Rows = list[tuple[Any, ...]]


@dataclass(frozen=True)
class RoleWorld:
    """The project's database and the registry's, on a server whose administrator is known."""

    admin_url: str
    database: str
    mlflow_database: str

    def ensure_roles(self, passwords: dict[Role, str] | None = None, *, admin_url: str | None = None) -> None:
        ensure_roles(
            admin_url or self.admin_url,
            PASSWORDS | (passwords or {}),
            database=self.database,
            mlflow_database=self.mlflow_database,
        )

    def url(self, role: Role, *, database: str | None = None, password: str | None = None) -> str:
        home = self.mlflow_database if role == Role.MLFLOW else self.database
        url = make_url(self.admin_url).set(
            username=role, password=password or PASSWORDS[role], database=database or home
        )
        return url.render_as_string(hide_password=False)

    def urls(self) -> dict[Role, str]:
        return {role: self.url(role) for role in Role}

    def run(self, role: Role, *statements: str) -> Rows:
        """Run statements in one transaction as a role; returns the rows of the last."""
        return execute(self.url(role), *statements)

    def administer(self, *statements: str) -> Rows:
        """The same as the administrator, in the project's database."""
        url = make_url(self.admin_url).set(database=self.database)
        return execute(url.render_as_string(hide_password=False), *statements)


def execute(url: str, *statements: str) -> Rows:
    with contextlib.closing(connect(url, application="test")) as connection, connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        return cursor.fetchall() if cursor.description else []
