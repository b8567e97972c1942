"""The role that promotes can rebuild a state, and switch to it."""

import contextlib

import pytest
from tests.integration.database.role_world import RoleWorld
from tests.integration.training.rebuilding import NEXT, a_filled_stack, a_rebuild, go_on, promote_next, rows
from tests.integration.verify.postgres_stack import an_initial_state

from fraudstream.adapters.database.roles import Role
from fraudstream.features.catalogue import CATALOGUE_VERSION

pytestmark = pytest.mark.integration


def test_the_promoter_rebuilds_continues_and_switches(world: RoleWorld) -> None:
    with contextlib.ExitStack() as resources:
        stack = a_filled_stack(world.url(Role.MIGRATE), resources, world.urls())
        a_rebuild(stack, window=20_000, labels=100_000).run(an_initial_state())
        go_on(stack, 400)
        a_rebuild(stack, window=20_000, labels=100_000).run(an_initial_state())

        assert promote_next(stack).catalogue_version == NEXT
        assert rows(stack, NEXT) == rows(stack, CATALOGUE_VERSION)
