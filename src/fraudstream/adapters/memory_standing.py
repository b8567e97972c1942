"""`StandingReader` on `MemorySliceStore`; held to the same suite as the real one."""

import uuid
from dataclasses import dataclass

import numpy as np

from fraudstream.adapters.memory_slices import MemorySliceStore, Rows
from fraudstream.errors import ModelUnavailable
from fraudstream.features.events import Floats
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.ports.standing import Standing


@dataclass(frozen=True)
class MemoryStandings:
    """Reads what the slices of a store have committed."""

    slices: MemorySliceStore

    def standing(self, transaction_id: uuid.UUID, user_id: int, merchant_id: int | None) -> Standing:
        """See `StandingReader.standing`."""
        store, deployment = self.slices, self.slices.active
        if deployment is None:
            raise ModelUnavailable("no model is deployed")
        version = deployment.catalogue_version
        return Standing(
            deployment=deployment,
            label_seq=store.label_seq,
            state=_row(store.states, version, user_id, CUSTOMER_STATE_WIDTH),
            customer_risk=_row(store.customer_risk, version, user_id, CUSTOMER_RISK_WIDTH),
            merchant_risk=_row(store.merchant_risk, version, merchant_id, MERCHANT_RISK_WIDTH),
            known_as=store.ids.get(transaction_id.bytes),
        )

    def artefact(self, digest: str) -> bytes:
        """See `StandingReader.artefact`."""
        if digest not in self.slices.artefacts:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored")
        return self.slices.artefacts[digest]


def _row(rows: Rows, catalogue_version: int, key: int | None, width: int) -> Floats:
    found = None if key is None else rows.get((catalogue_version, key))
    return np.zeros(width) if found is None else found.copy()
