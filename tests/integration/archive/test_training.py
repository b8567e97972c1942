"""A training on the archive in a real bucket, with labels in a real database, beside the same one on the log."""

import contextlib
import datetime as dt
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Self

import msgspec
import numpy as np
import pytest
from tests.integration.verify.postgres_stack import PostgresStack
from tests.unit.verify.memory_stack import a_payment
from typer.testing import CliRunner, Result

from fraudstream import cli
from fraudstream.adapters.archived_history import ArchivedHistory
from fraudstream.adapters.aws.bucket import ensure_bucket
from fraudstream.adapters.aws.objects import S3Objects
from fraudstream.adapters.database.archive_reader import PostgresArchiveReader
from fraudstream.adapters.database.archive_store import PostgresArchiveLedger
from fraudstream.adapters.database.deployment_store import PostgresDeployments
from fraudstream.adapters.database.known_frauds import PostgresKnownFrauds
from fraudstream.adapters.database.training_history import PostgresTrainingHistory
from fraudstream.adapters.model_registry import MlflowRegistry
from fraudstream.archive.archiver import Archiver
from fraudstream.archive.cut import Cutter
from fraudstream.contracts.label import Label, encode_label
from fraudstream.contracts.topics import LABELS
from fraudstream.ports.archive import ArchivedFile
from fraudstream.ports.matured import Window
from fraudstream.ports.registry import CHALLENGER
from fraudstream.ports.training_history import PastPayments, TrainingHistory
from fraudstream.settings import RegistrySettings
from fraudstream.training.archive_days import ArchiveDays, chosen_files
from fraudstream.training.parts import CARD_FILE
from fraudstream.training.relearn import spans_of, train_on_log

pytestmark = pytest.mark.integration

PAYMENTS, A_DAY = 4_000, 1_000
"""One each minute of their own time, of which the broker has taken a thousand a day."""
MATURITY_DAYS, DAY = 0.4, 86_400.0
EVERYTHING = Window(0.0, 4e9, 4e9)


class Counted(bytes):
    """An object in memory; `alive` is how many there are, `most` how many there have been at once."""

    alive = most = 0

    def __new__(cls, content: bytes) -> Self:
        Counted.alive += 1
        Counted.most = max(Counted.most, Counted.alive)
        return super().__new__(cls, content)

    def __del__(self) -> None:
        Counted.alive -= 1


class CountedObjects(S3Objects):
    def get(self, path: str) -> bytes | None:
        content = super().get(path)
        return None if content is None else Counted(content)


class World:
    """A log that is scored and archived, in small files; every twelfth payment is a large one, and a fraud."""

    def __init__(self, url: str, bucket: str, resources: contextlib.ExitStack) -> None:
        self.stack, self.url = PostgresStack(url, resources), url
        ensure_bucket(bucket)
        self.objects = CountedObjects(bucket)
        self.known = PostgresKnownFrauds(url)

    def fill(self, *, labelled: bool = True) -> None:
        for number in range(1, PAYMENTS + 1):
            late = number - 50 if number % 100 == 0 else number  # it says to have happened before the last fifty
            payment = a_payment(number, user_id=number % 40 + 1, amount=900.0 if number % 12 == 0 else 10.0)
            own = {"amount": payment.amount + number / 100, "timestamp": a_payment(late).timestamp}
            payment = msgspec.structs.replace(payment, **own)
            self.stack.send(payment, partition=number % 2)
            if number % 500 == 7:
                self.stack.send(payment, partition=number % 2)  # a repeat
                self.stack.send(b"not a payment", partition=number % 2)
            if number % 100 == 0:
                self.stack.score(0)
                self.stack.score(1)
            if number % 200 == 0:
                self.archive()
            if number % A_DAY == 0:
                self.stack.clock.sleep(DAY)
        if labelled:
            self.label()

    def label(self) -> None:
        """Tell of the frauds, an hour after each; of every tenth of them too late to be known."""
        for number in range(12, PAYMENTS + 1, 12):
            delay = dt.timedelta(days=90) if number % 120 == 0 else dt.timedelta(hours=1)
            arrived = a_payment(number).timestamp + delay
            label = Label(transaction_id=uuid.UUID(int=number), user_id=1, is_fraud=True, arrived_at=arrived)
            self.stack.broker.append(LABELS, b"1", encode_label(label))
        applier = self.stack.applier()
        applier.apply(self.stack.broker.logs[LABELS, 0])

    def archive(self) -> None:
        with contextlib.closing(PostgresArchiveLedger(self.url)) as ledger:
            cutter = Cutter(self.stack.broker, ledger, self.stack.clock, 10_000)
            archiver = Archiver(ledger, self.objects, cutter, roll_bytes=10_000, roll_seconds=0.0)
            while archiver.run_once():
                pass

    def files(self, days: ArchiveDays | None = None) -> tuple[ArchivedFile, ...]:
        with PostgresArchiveReader(self.url).snapshot() as snapshot:
            return chosen_files([file for file, _ in snapshot.files()], days or ArchiveDays(1.0)).files

    def history(self) -> ArchivedHistory:
        return ArchivedHistory(self.objects, self.files(), self.known)


@pytest.fixture
def world(
    database_url: str,
    aws_environment: Mapping[str, str],
    unique_name: Callable[[str], str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[World]:
    assert aws_environment
    bucket = unique_name("archive")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlflow.db'}")
    monkeypatch.setenv("MLFLOW_ARTIFACT_ROOT", (tmp_path / "artifacts").as_uri())
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.setenv("ARCHIVE_BUCKET", bucket)
    with contextlib.ExitStack() as resources:
        yield World(database_url, bucket, resources)


def typed(*words: str) -> Result:
    return CliRunner().invoke(cli.app, ["train", "--from-archive", "--maturity", str(MATURITY_DAYS), *words])


def everything(history: TrainingHistory, window: Window = EVERYTHING) -> PastPayments:
    batches = list(history.payments(window))
    joined = PastPayments(
        *(np.concatenate([getattr(b, name) for b in batches]) for name in PastPayments.__dataclass_fields__)
    )
    return joined.take(np.lexsort((joined.amount, joined.event_time)))


def numbers_of(payments: PastPayments) -> list[int]:
    """Which payments they are, by their amounts."""
    own = payments.amount - np.where(payments.amount >= 900.0, 900.0, 10.0)
    return np.round(own * 100).astype(int).tolist()  # type: ignore[no-any-return]


def test_what_is_trained_on_is_what_was_scored(world: World) -> None:
    """Late payments, repeats and bad records among them; an amount here tells its payment."""
    world.fill()
    log, archive = PostgresTrainingHistory(world.url), world.history()
    as_of = log.as_of()
    assert as_of is not None
    assert archive.as_of() == as_of
    for window in (EVERYTHING, Window(0.0, as_of - DAY, as_of)):
        own, expected = everything(archive, window), everything(log, window)
        for name in PastPayments.__dataclass_fields__:
            np.testing.assert_array_equal(getattr(own, name), getattr(expected, name))
    found, in_time = everything(archive), everything(archive, Window(0.0, 4e9, as_of + DAY))
    numbers = numbers_of(found)
    stored = world.stack.run("SELECT amount, transaction_id, features FROM scored_transactions ORDER BY event_time, 1")

    assert len(found) == PAYMENTS
    assert sorted(numbers) == sorted(uuid.UUID(str(id_)).int for _, id_, _ in stored) == [*range(1, PAYMENTS + 1)]
    assert sorted(numbers_of(found.take(found.fraud))) == [*range(12, PAYMENTS + 1, 12)]
    assert sorted(numbers_of(in_time.take(in_time.fraud))) == [
        number for number in range(12, PAYMENTS + 1, 12) if number % 120
    ]
    np.testing.assert_array_equal(found.features, [np.frombuffer(bytes(vector), "<f8") for _, _, vector in stored])

    spans = spans_of(as_of, MATURITY_DAYS * DAY)
    one, other = (
        train_on_log(history, spans, seed=3, started_at=0.0, code_version="test", progress=lambda _: None)
        for history in (archive, log)
    )
    assert one.run.parameters == other.run.parameters
    for name in ("feature", "threshold", "left", "right", "value"):
        np.testing.assert_array_equal(getattr(one.model.body, name, 0), getattr(other.model.body, name, 0))
    np.testing.assert_array_equal(one.model.golden_vectors, other.model.golden_vectors)
    np.testing.assert_allclose(one.model.golden_scores, other.model.golden_scores, rtol=0, atol=1e-12)


def test_no_more_than_one_file_is_held(world: World) -> None:
    world.fill()
    assert len(world.files()) > 20
    Counted.most = Counted.alive
    before = Counted.alive
    history = world.history()
    for batch in history.payments(EVERYTHING):
        assert len(batch)

    assert (Counted.most - before, Counted.alive - before) == (1, 0)


@pytest.mark.long
def test_the_command_says_on_the_card_where_payments_came_from(world: World) -> None:
    world.fill()
    days = [file.date for file in world.files()]
    done = typed("--to", str(max(days)), "--seed", "3")

    assert done.exit_code == 0, done.output
    registry = MlflowRegistry(RegistrySettings.load())
    version = registry.find_alias(CHALLENGER)
    card = registry.artefact(version, CARD_FILE).decode()
    for said in (
        "- world: archive",
        f"- archive days: {min(days)} to {max(days)}",
        f"- archive files: {len(days)}",
        "- archive days without files: none",
        f"- archived scores: {PAYMENTS}",
        "Its payments are those of the archive",
    ):
        assert said in card


def test_what_is_wrong_is_said_and_the_champion_stays(world: World) -> None:
    deployments = PostgresDeployments(world.url)
    champion = deployments.active()
    empty = typed("--promote")
    world.fill(labelled=False)
    nobody = typed("--promote")
    world.label()
    file, other = world.files()[3:5]
    content = world.objects.get(file.path) or b""
    world.objects.replace(file.path, content[:-1] + b"?", world.objects.tag(file.path))
    damaged = typed("--promote")
    world.objects.replace(file.path, content, world.objects.tag(file.path))
    world.objects._client.delete_object(Bucket=world.objects._bucket, Key=other.path)
    gone = typed("--promote")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ARCHIVE_BUCKET", "nowhere-at-all")
        no_bucket = typed("--promote")
    world.stack.run("DELETE FROM archive_files WHERE path = %s", other.path)
    hole = typed("--promote")

    assert "nothing is archived yet" in str(empty.exception)
    assert "No label calls any of the" in str(nobody.exception)
    assert f"{file.path} is damaged" in str(damaged.exception)
    assert f"{other.path} is not in the archive's bucket" in str(gone.exception)
    assert "nowhere-at-all" in str(no_bucket.exception)
    assert "are in no file" in str(hole.exception)
    assert deployments.active() == champion
