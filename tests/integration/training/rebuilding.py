"""A stream whose feature catalogue gets a new version: the same kernel under another number."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
from tests.integration.verify.postgres_stack import PostgresStack, an_initial_state, fill
from tests.unit.verify.memory_stack import a_model, a_payment

from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.rebuild_store import PostgresRebuildStep, PostgresRebuildStore
from fraudstream.adapters.database.roles import Role
from fraudstream.clock import SystemClock
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.life_cycle import Candidate, Signature
from fraudstream.ports.slices import Deployment
from fraudstream.training.rebuild import Rebuild

NEXT = CATALOGUE_VERSION + 1
STATE_TABLES: Mapping[str, tuple[str, str]] = {
    "customer_state": ("user_id", "state"),
    "customer_risk": ("user_id", "risk"),
    "merchant_risk": ("merchant_id", "risk"),
}


class Killed(BaseException):
    """Like SIGKILL, nothing in the program catches it."""


class FragileStore(PostgresRebuildStore):
    """Dies inside a step, before its commit."""

    steps_left = 10**9

    @contextlib.contextmanager
    def step(self, catalogue_version: int) -> Iterator[PostgresRebuildStep]:
        with super().step(catalogue_version) as step:
            yield step
            self.steps_left -= 1
            if self.steps_left <= 0:
                raise Killed


def a_filled_stack(
    url: str, resources: contextlib.ExitStack, role_urls: Mapping[Role, str] | None = None
) -> PostgresStack:
    stack = PostgresStack(url, resources, role_urls or {})
    fill(stack)
    return stack


def a_store(stack: PostgresStack, *, steps: int = 10**9) -> FragileStore:
    store = FragileStore(stack.url_of(Role.PROMOTER), SystemClock())
    store.steps_left = steps
    return store


def a_rebuild(
    stack: PostgresStack, *, steps: int = 10**9, window: int = 9, labels: int = 2, kernel: int = 1
) -> Rebuild:
    return Rebuild(a_store(stack, steps=steps), NEXT, window_records=window, window_labels=labels, kernel=kernel)


def rows(stack: PostgresStack, catalogue_version: int) -> dict[str, list[tuple[int, bytes]]]:
    """Every state row of a catalogue version."""
    return {
        table: [
            (key, bytes(value))
            for key, value in stack.run(
                f"SELECT {key}, {value} FROM {table} WHERE catalogue_version = %s ORDER BY {key}",  # noqa: S608 - constants
                catalogue_version,
            )
        ]
        for table, (key, value) in STATE_TABLES.items()
    }


def promote_next(stack: PostgresStack) -> Deployment:
    """Deploy a model of the next catalogue version, as its trainer would have made it."""
    content = to_bytes(replace(a_model(0.06, 0.4), catalogue_version=NEXT))
    candidate = Candidate("m", "9", digest_of(content), NEXT, 0.4, content)
    return PostgresDeployments(stack.url_of(Role.PROMOTER)).deploy(candidate, an_initial_state(), Signature("t", "t"))


def install_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the new code would say of itself."""
    for module in ("models.archive", "adapters.database.label_store", "verify.oracle"):
        monkeypatch.setattr(f"fraudstream.{module}.CATALOGUE_VERSION", NEXT)


def go_on(stack: PostgresStack, first: int) -> None:
    """More payments and labels, in the same way whatever scores them."""
    for number in range(first, first + 24):
        stack.send(
            a_payment(number, user_id=1 + number % 5, amount=15.0 + number, merchant_id=7 + number % 3),
            partition=number % 2,
        )
        if number % 6 == 0:
            stack.score(0)
            stack.score(1)
    stack.score(0)
    stack.score(1)


def vectors(stack: PostgresStack, *, after_slice: int) -> dict[str, bytes]:
    found = stack.run("SELECT transaction_id, features FROM scored_transactions WHERE slice_id > %s", after_slice)
    return {str(key): bytes(features) for key, features in found}


def last_slice(stack: PostgresStack) -> int:
    return int(np.array(stack.run("SELECT max(slice_id) FROM slices")).item())
