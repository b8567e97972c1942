"""`SliceStore` in memory, for tests and for embedding; held to the same suite as the real one."""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np

from fraudstream.errors import Fenced, ModelUnavailable
from fraudstream.features.events import Bytes, Floats, Ints
from fraudstream.features.state import CUSTOMER_RISK_WIDTH, CUSTOMER_STATE_WIDTH, MERCHANT_RISK_WIDTH
from fraudstream.ports.slices import Deployment, LogPart, Reservation, Shadow, SliceResult, Snapshot

Rows = dict[tuple[int, int], Floats]
"""Rows by catalogue version and key."""


@dataclass(frozen=True)
class CommittedSlice:
    """A slice as it was stored."""

    part: LogPart
    result: SliceResult


@dataclass
class MemorySliceStore:
    """Everything the scorer keeps; one slice at a time, so that no two are ever in each other's way."""

    active: Deployment | None = None
    challenger: Shadow | None = None
    artefacts: dict[str, bytes] = field(default_factory=dict)
    newest_epoch: dict[str, int] = field(default_factory=dict)
    positions: dict[tuple[str, int], tuple[int, int]] = field(default_factory=dict)
    """Next offset and epoch by topic id and partition."""
    ids: dict[bytes, int] = field(default_factory=dict)
    states: Rows = field(default_factory=dict)
    customer_risk: Rows = field(default_factory=dict)
    merchant_risk: Rows = field(default_factory=dict)
    label_seq: int = 0
    slices: list[CommittedSlice] = field(default_factory=list)
    _slices_begun: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def open(self, part: LogPart) -> Iterator["MemorySlice"]:
        """See `SliceStore.open`."""
        with self._lock:
            next_offset, epoch = self.positions.get((part.topic_id, part.partition), (0, 0))
            if max(epoch, self.newest_epoch.get(part.topic_id, 0)) > part.epoch:
                raise Fenced(f"{part.topic}/{part.partition} belongs to a newer run than {part.epoch}")
            opened = MemorySlice(self, next_offset)
            yield opened
            self._commit(part, opened)

    def next_slice_id(self) -> int:
        """Take the next number; like a sequence's, it is not given back by a rollback."""
        self._slices_begun += 1
        return self._slices_begun

    def _commit(self, part: LogPart, opened: "MemorySlice") -> None:
        self.ids |= opened.reserved
        result = opened.written
        if result is None:
            return
        version = result.deployment.catalogue_version
        self.states |= {
            (version, int(user)): row.copy() for user, row in zip(result.user_id, result.state, strict=True)
        }
        self.positions[part.topic_id, part.partition] = (result.last_offset + 1, part.epoch)
        self.slices.append(CommittedSlice(part, result))


@dataclass
class MemorySlice:
    """`SliceTransaction`; what it does reaches the store when it ends well."""

    store: MemorySliceStore
    next_offset: int
    reserved: dict[bytes, int] = field(default_factory=dict)
    written: SliceResult | None = None

    def reserve(self, transaction_id: Bytes, body_hash: Ints, offset: Ints) -> Reservation:  # noqa: ARG002 - the port's
        """See `SliceTransaction.reserve`."""
        ids = [row.tobytes() for row in transaction_id]
        fresh = [id_ not in self.store.ids for id_ in ids]
        stands_for = [self.store.ids.get(id_, int(own)) for id_, own in zip(ids, body_hash, strict=True)]
        self.reserved |= {id_: own for id_, own, new in zip(ids, stands_for, fresh, strict=True) if new}
        return Reservation(np.array(fresh, np.bool_), np.array(stands_for, np.int64))

    def deployment(self) -> Deployment:
        """See `SliceTransaction.deployment`."""
        if self.store.active is None:
            raise ModelUnavailable("no model is deployed")
        return self.store.active

    def shadow(self) -> Shadow | None:
        """See `SliceTransaction.shadow`."""
        active, found = self.deployment(), self.store.challenger
        if found is None or found.catalogue_version != active.catalogue_version or found.digest == active.digest:
            return None
        return found

    def artefact(self, digest: str) -> bytes:
        """See `SliceTransaction.artefact`."""
        if digest not in self.store.artefacts:
            raise ModelUnavailable(f"no model artefact with SHA-256 {digest} is stored")
        return self.store.artefacts[digest]

    def lock_states(self, catalogue_version: int, user_id: Ints) -> Floats:
        """See `SliceTransaction.lock_states`."""
        return _rows(self.store.states, catalogue_version, user_id, CUSTOMER_STATE_WIDTH)

    def snapshot(self, catalogue_version: int, user_id: Ints, merchant_id: Ints) -> Snapshot:
        """See `SliceTransaction.snapshot`."""
        return Snapshot(
            slice_id=self.store.next_slice_id(),
            label_seq=self.store.label_seq,
            customer_risk=_rows(self.store.customer_risk, catalogue_version, user_id, CUSTOMER_RISK_WIDTH),
            merchant_risk=_rows(self.store.merchant_risk, catalogue_version, merchant_id, MERCHANT_RISK_WIDTH),
        )

    def write(self, result: SliceResult) -> None:
        """See `SliceTransaction.write`."""
        self.written = result


def _rows(rows: Mapping[tuple[int, int], Floats], catalogue_version: int, keys: Ints, width: int) -> Floats:
    nothing = np.zeros(width)
    found = [rows.get((catalogue_version, int(key)), nothing) for key in keys]
    return np.array(found, np.float64).reshape(len(keys), width)
