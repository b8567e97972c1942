"""One contract for `ObjectStore`, in memory and on S3."""

import hashlib
from collections.abc import Callable, Iterator

import pytest
from tests.conftest import SERVICES

from fraudstream.adapters.aws.bucket import ensure_bucket
from fraudstream.adapters.aws.objects import S3Objects
from fraudstream.adapters.memory_archive import MemoryObjects
from fraudstream.errors import TemporarilyUnavailable
from fraudstream.ports.archive import ObjectStore

pytestmark = pytest.mark.ports

CONTENT = bytes(range(256)) * 10


@pytest.fixture(params=["memory", "s3"])
def objects(request: pytest.FixtureRequest, unique_name: Callable[[str], str]) -> Iterator[ObjectStore]:
    if request.param == "memory":
        yield MemoryObjects()
        return
    request.getfixturevalue("aws_environment")
    bucket = unique_name("archive")
    ensure_bucket(bucket)
    yield S3Objects(bucket)


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def test_what_was_put_is_there(objects: ObjectStore) -> None:
    objects.put("raw/date=2026-11-24/a.parquet", CONTENT, digest(CONTENT))

    assert objects.get("raw/date=2026-11-24/a.parquet") == CONTENT
    assert objects.get("raw/date=2026-11-24/b.parquet") is None


def test_the_same_object_may_be_put_again(objects: ObjectStore) -> None:
    for _ in range(2):
        objects.put("a", CONTENT, digest(CONTENT))

    assert list(objects.list("")) == ["a"]


def test_what_did_not_arrive_whole_is_not_stored(objects: ObjectStore, pytestconfig: pytest.Config) -> None:
    choice = pytestconfig.stash[SERVICES]
    if isinstance(objects, S3Objects) and choice.kind == "embedded":
        pytest.skip(f"the embedded S3 takes any digest for true; servers: embedded, because {choice.reason}")
    with pytest.raises(TemporarilyUnavailable):
        objects.put("a", CONTENT, digest(b"something else"))
    assert objects.get("a") is None


def test_objects_are_listed_by_prefix(objects: ObjectStore) -> None:
    for path in ("raw/2", "raw/1", "processed/1"):
        objects.put(path, CONTENT, digest(CONTENT))

    assert list(objects.list("raw/")) == ["raw/1", "raw/2"]
    assert list(objects.list("manifest/")) == []


def test_an_object_is_replaced_by_whoever_knows_it(objects: ObjectStore) -> None:
    assert objects.tag("a") is None
    objects.replace("a", b"one", None)
    tag = objects.tag("a")
    assert tag is not None
    objects.replace("a", b"two", tag)

    assert objects.get("a") == b"two"
    assert objects.tag("a") != tag


def test_an_object_is_not_replaced_by_whoever_knows_an_older_one(objects: ObjectStore) -> None:
    objects.replace("a", b"one", None)
    old = objects.tag("a")
    objects.replace("a", b"two", old)

    with pytest.raises(TemporarilyUnavailable):
        objects.replace("a", b"three", old)
    with pytest.raises(TemporarilyUnavailable):
        objects.replace("a", b"four", None)
    assert objects.get("a") == b"two"


def test_a_bucket_that_is_not_there_is_waited_for(aws_environment: object, unique_name: Callable[[str], str]) -> None:
    assert aws_environment
    objects = S3Objects(unique_name("nowhere"))

    for call in (
        lambda: objects.put("a", CONTENT, digest(CONTENT)),
        lambda: objects.get("a"),
        lambda: objects.replace("a", CONTENT, None),
        lambda: objects.list(""),
    ):
        with pytest.raises(TemporarilyUnavailable):
            call()
