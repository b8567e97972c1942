"""A model is loaded once for each digest, and only if it fits its deployment."""

from dataclasses import replace

import pytest
from tests.unit.scoring.world import a_model

from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.ports.slices import Deployment, Shadow
from fraudstream.scoring.model_cache import ModelCache


class Artefacts:
    """Counts how often each was fetched."""

    def __init__(self, *versions: str) -> None:
        self.contents = {version: to_bytes(a_model(version=version)) for version in versions}
        self.fetched: list[str] = []

    def deployment(self, version: str) -> Deployment:
        return Deployment(1, version, digest_of(self.contents[version]), CATALOGUE_VERSION, 0.5)

    def challenger(self, version: str) -> Shadow:
        return Shadow(version, digest_of(self.contents[version]), CATALOGUE_VERSION)

    def fetch(self, digest: str) -> bytes:
        version = next(name for name, content in self.contents.items() if digest_of(content) == digest)
        self.fetched.append(version)
        return self.contents[version]


def test_a_model_is_fetched_once() -> None:
    artefacts, cache = Artefacts("1"), ModelCache()
    first = cache.get(artefacts.deployment("1"), artefacts.fetch)

    assert cache.get(artefacts.deployment("1"), artefacts.fetch) is first
    assert artefacts.fetched == ["1"]


def test_the_last_three_models_are_kept() -> None:
    artefacts, cache = Artefacts("1", "2", "3", "4"), ModelCache()
    for version in ("1", "2", "3", "1", "4", "3", "1", "2"):
        cache.get(artefacts.deployment(version), artefacts.fetch)

    assert artefacts.fetched == ["1", "2", "3", "4", "2"]


def test_a_challenger_is_fetched_once_and_may_become_the_model_at_work() -> None:
    artefacts, cache = Artefacts("1", "2"), ModelCache()
    for _ in range(2):
        cache.get(artefacts.deployment("1"), artefacts.fetch)
        on_trial = cache.on_trial(artefacts.challenger("2"), artefacts.fetch)

    assert cache.get(artefacts.deployment("2"), artefacts.fetch) is on_trial
    assert artefacts.fetched == ["1", "2"]


def test_a_challenger_of_no_use_is_asked_for_once() -> None:
    artefacts, cache = Artefacts("1", "2"), ModelCache()
    damaged = replace(artefacts.challenger("1"), digest="f" * 64)
    asked: list[str] = []

    def fetch(digest: str) -> bytes:
        asked.append(digest)
        return artefacts.contents["1"]

    assert [cache.on_trial(damaged, fetch) for _ in range(3)] == [None] * 3
    assert asked == ["f" * 64]
    assert cache.on_trial(artefacts.challenger("2"), artefacts.fetch) is not None


def test_a_damaged_artefact_is_refused() -> None:
    artefacts, cache = Artefacts("1"), ModelCache()
    damaged = artefacts.contents["1"] + b"\x00"

    with pytest.raises(ModelUnavailable, match="SHA-256"):
        cache.get(artefacts.deployment("1"), lambda _: damaged)


def test_a_deployment_under_another_catalogue_version_is_refused() -> None:
    artefacts, cache = Artefacts("1"), ModelCache()

    with pytest.raises(ModelUnavailable, match="feature catalogue 99"):
        cache.get(replace(artefacts.deployment("1"), catalogue_version=99), artefacts.fetch)
