"""A slice store to test, in memory and on PostgreSQL: how to prepare it, and what it holds afterwards."""

import contextlib
from dataclasses import dataclass, field
from typing import Protocol

from fraudstream.adapters.database.sessions import connect
from fraudstream.adapters.database.slice_store import PostgresSliceStore
from fraudstream.adapters.memory_slices import MemorySliceStore
from fraudstream.features.events import Floats
from fraudstream.ports.slices import Deployment, Shadow, SliceStore

DIGEST = "0" * 64
OTHER_DIGEST = "c" * 64


class SliceWorld(Protocol):
    """What the contract suite needs of a store."""

    def store(self) -> SliceStore:
        """A store of its own; several of one world see the same data."""
        ...

    def deploy(self) -> Deployment:
        """Put a model to work."""
        ...

    def challenge(self, challenger: Shadow) -> None:
        """Try a model beside the one at work."""
        ...

    def put_risk(self, user_id: int, customer: Floats, merchant_id: int, merchant: Floats, *, label_seq: int) -> None:
        """What the label applier does: risk rows and the turn they stand for, in one commit."""
        ...

    def begin_run(self, topic_id: str, epoch: int) -> None:
        """Somebody else takes over the log."""
        ...

    def scored(self) -> list[tuple[int, int, int | None, str | None, float, bool]]:
        """Offset, customer, merchant, currency, score and alert of every scored row, by offset."""
        ...

    def shadow_scores(self) -> list[tuple[str, int, int, float]]:
        """Digest, partition, offset and score of every score of a challenger, in this order."""
        ...

    def slices(self) -> list[tuple[int, int, int, int, int, int, int]]:
        """Slice id, first and last offset, label turn, rows, quarantined and repeats of every slice."""
        ...

    def told(self) -> tuple[list[int], list[int], list[tuple[str, bytes]]]:
        """Offsets of alerts, offsets of quarantined records, topic and value of messages."""
        ...


@dataclass
class MemoryWorld:
    """`SliceWorld` on `MemorySliceStore`."""

    memory: MemorySliceStore = field(default_factory=MemorySliceStore)

    def store(self) -> SliceStore:
        return self.memory

    def deploy(self) -> Deployment:
        self.memory.active = Deployment(1, "7", DIGEST, 1, 0.5)
        self.memory.artefacts[DIGEST] = b"artefact"
        return self.memory.active

    def challenge(self, challenger: Shadow) -> None:
        self.memory.challenger = challenger

    def put_risk(self, user_id: int, customer: Floats, merchant_id: int, merchant: Floats, *, label_seq: int) -> None:
        self.memory.customer_risk[1, user_id] = customer
        self.memory.merchant_risk[1, merchant_id] = merchant
        self.memory.label_seq = label_seq

    def begin_run(self, topic_id: str, epoch: int) -> None:
        self.memory.newest_epoch[topic_id] = epoch

    def scored(self) -> list[tuple[int, int, int | None, str | None, float, bool]]:
        return sorted(
            (
                int(offset),
                int(user),
                None if merchant < 0 else int(merchant),
                currency.decode() or None,
                score,
                bool(alert),
            )
            for committed in self.memory.slices
            for rows in [committed.result.scored]
            for offset, user, merchant, currency, score, alert in zip(
                rows.offset,
                rows.payments.user_id,
                rows.payments.merchant_id,
                rows.currency,
                rows.score,
                rows.alert,
                strict=True,
            )
        )

    def shadow_scores(self) -> list[tuple[str, int, int, float]]:
        return sorted(
            (shadow.digest, committed.part.partition, int(offset), float(score))
            for committed in self.memory.slices
            for shadow in [committed.result.shadow]
            if shadow is not None
            for offset, score in zip(committed.result.scored.offset, shadow.score, strict=True)
        )

    def slices(self) -> list[tuple[int, int, int, int, int, int, int]]:
        return [
            (
                r.slice_id,
                r.first_offset,
                r.last_offset,
                r.label_seq,
                len(r.scored.offset),
                len(r.quarantined),
                r.repeats,
            )
            for r in (committed.result for committed in self.memory.slices)
        ]

    def told(self) -> tuple[list[int], list[int], list[tuple[str, bytes]]]:
        results = [committed.result for committed in self.memory.slices]
        return (
            [item.offset for r in results for item in r.alerts],
            [row.offset for r in results for row in r.quarantined],
            [(message.topic, message.value) for r in results for message in r.outbox],
        )


@dataclass
class PostgresWorld:
    """`SliceWorld` on a database."""

    url: str
    stack: contextlib.ExitStack

    def store(self) -> SliceStore:
        return self.stack.enter_context(contextlib.closing(PostgresSliceStore(self.url, application="test")))

    def deploy(self) -> Deployment:
        self.run("INSERT INTO model_artefacts (digest, content) VALUES (%s, %s)", DIGEST, b"artefact")
        ((deployment_id,),) = self.run(
            "INSERT INTO deployments (model_name, model_version, digest, catalogue_version, threshold, reason, active)"
            " VALUES ('m', '7', %s, 1, 0.5, 'test', true) RETURNING deployment_id",
            DIGEST,
        )
        assert isinstance(deployment_id, int)
        return Deployment(deployment_id, "7", DIGEST, 1, 0.5)

    def challenge(self, challenger: Shadow) -> None:
        self.run("UPDATE challengers SET active = false")
        self.run(
            "INSERT INTO challengers"
            " (model_name, model_version, digest, catalogue_version, threshold, reason, active)"
            " VALUES ('m', %s, %s, %s, 0.5, 'test', true)",
            challenger.model_version,
            challenger.digest,
            challenger.catalogue_version,
        )

    def put_risk(self, user_id: int, customer: Floats, merchant_id: int, merchant: Floats, *, label_seq: int) -> None:
        self.run(
            "INSERT INTO customer_risk VALUES (1, %s, %s); INSERT INTO merchant_risk VALUES (1, %s, %s);"
            "UPDATE label_progress SET label_seq = %s RETURNING label_seq",
            user_id,
            customer.tobytes(),
            merchant_id,
            merchant.tobytes(),
            label_seq,
        )

    def begin_run(self, topic_id: str, epoch: int) -> None:
        self.run(
            "INSERT INTO runs (epoch, topic_id, host, pid) OVERRIDING SYSTEM VALUE VALUES (%s, %s, 'test', 1)",
            epoch,
            topic_id,
        )
        self.run("UPDATE positions SET epoch = %s WHERE topic_id = %s", epoch, topic_id)

    def scored(self) -> list[tuple[int, int, int | None, str | None, float, bool]]:
        return self.run(  # type: ignore[return-value]
            'SELECT "offset", user_id, merchant_id, currency, score, alert FROM scored_transactions ORDER BY "offset"'
        )

    def shadow_scores(self) -> list[tuple[str, int, int, float]]:
        return self.run(  # type: ignore[return-value]
            'SELECT digest, partition, "offset", score FROM shadow_scores ORDER BY 1, 2, 3'
        )

    def slices(self) -> list[tuple[int, int, int, int, int, int, int]]:
        return self.run(  # type: ignore[return-value]
            "SELECT slice_id, first_offset, last_offset, label_seq, rows, quarantined, repeats FROM slices"
            " ORDER BY slice_id"
        )

    def told(self) -> tuple[list[int], list[int], list[tuple[str, bytes]]]:
        return (
            [offset for (offset,) in self.run('SELECT "offset" FROM alerts ORDER BY 1')],  # type: ignore[misc]
            [offset for (offset,) in self.run('SELECT "offset" FROM quarantine ORDER BY 1')],  # type: ignore[misc]
            [
                (str(topic), bytes(value))  # type: ignore[call-overload]
                for topic, value in self.run("SELECT topic, value FROM outbox ORDER BY outbox_id")
            ],
        )

    def run(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        with contextlib.closing(connect(self.url, application="test")) as connection, connection.cursor() as cursor:
            cursor.execute(statement, values)
            rows = cursor.fetchall() if cursor.description else []
            connection.commit()
        return rows
