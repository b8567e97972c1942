"""Roles belong to a whole server, so they are made once; each test that writes gets a database of its own."""

import uuid
from collections.abc import Iterator

import pytest
from tests.integration.database.role_world import RoleWorld
from tests.servers.databases import Databases

from fraudstream.adapters.database.migrate import upgrade
from fraudstream.adapters.database.roles import Role, grant_privileges


def a_name() -> str:
    return f"test_{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def granted(databases: Databases) -> Iterator[RoleWorld]:
    """Made as a deployment makes it: roles and databases, migrations, rights. Nothing in it may be changed."""
    world = RoleWorld(databases.url, a_name(), a_name())
    try:
        world.ensure_roles()
        upgrade(world.url(Role.MIGRATE))
        grant_privileges(world.url(Role.MIGRATE))
        yield world
    finally:
        databases.drop(world.database)
        databases.drop(world.mlflow_database)


@pytest.fixture
def world(granted: RoleWorld, databases: Databases) -> Iterator[RoleWorld]:
    """A copy of one test's own; afterwards the server's roles are as they were."""
    copy = RoleWorld(databases.url, a_name(), granted.mlflow_database)
    databases.create(copy.database, template=granted.database, owner=Role.MIGRATE)
    try:
        copy.ensure_roles()
        yield copy
    finally:
        granted.ensure_roles()
        databases.drop(copy.database)
