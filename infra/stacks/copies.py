"""The table that committed scores are copied to, for those who look them up by id."""

from dataclasses import dataclass
from typing import Any

from infra.configuration import Configuration
from infra.stacks.expiring_table import expiring_table

EXPIRY = "expires_at"
CALLS = ("GetItem", "PutItem", "UpdateItem")
"""What the projector asks for: a transaction of DynamoDB needs the rights of the writes in it."""


@dataclass(frozen=True)
class ScoreTable:
    """The table, and the right to fill it."""

    table: Any
    name: str
    key: Any

    def grant(self, role: Any) -> None:
        """Let a role look up and put items; it deletes none, because they expire."""
        self.table.grant(role, *(f"dynamodb:{call}" for call in CALLS))
        self.key.grant_encrypt_decrypt(role)


def score_table(stack: Any, configuration: Configuration, key: Any) -> ScoreTable:
    """Make the table; it holds copies, so it goes with its stack."""
    name = f"{configuration.name}-scores"
    table = expiring_table(stack, "Scores", name=name, expiry=EXPIRY, key=key)
    return ScoreTable(table, name, key)
