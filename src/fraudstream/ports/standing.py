"""The port of whoever scores on request: everything that the next score of a customer depends on, and never a write.

`adapters.database.standing_reader` and `adapters.memory_standing` implement it; `tests/ports/test_standing.py` holds
both to the same contract.
"""

import uuid
from dataclasses import dataclass
from typing import Protocol

from fraudstream.features.events import Floats
from fraudstream.ports.slices import Deployment


@dataclass(frozen=True, slots=True)
class Standing:
    """What is committed at one moment, all of it in one snapshot.

    `state` is (CUSTOMER_STATE_WIDTH,), `customer_risk` (CUSTOMER_RISK_WIDTH,), `merchant_risk` (MERCHANT_RISK_WIDTH,),
    zeros where there is no row. `known_as` is the body hash of the payment first seen under the id asked for.
    """

    deployment: Deployment
    label_seq: int
    state: Floats
    customer_risk: Floats
    merchant_risk: Floats
    known_as: int | None


class StandingReader(Protocol):
    """Reads what the scorer would read; any thread may ask."""

    def standing(self, transaction_id: uuid.UUID, user_id: int, merchant_id: int | None) -> Standing:
        """Where a customer, a merchant and an id stand now.

        Raises:
            ModelUnavailable: no deployment is active.
            TemporarilyUnavailable: the store did not answer in time.
        """
        ...

    def artefact(self, digest: str) -> bytes:
        """The scoring artefact with this SHA-256.

        Raises:
            ModelUnavailable: it is not stored.
            TemporarilyUnavailable: the store did not answer in time.
        """
        ...
