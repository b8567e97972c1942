"""A model that attacks is refused wherever models come from, and nothing of it runs."""

import pickle
from pathlib import Path

import pytest
from tests.servers.planted import planted

from fraudstream.errors import ModelUnavailable
from fraudstream.features.catalogue import CATALOGUE_VERSION
from fraudstream.models.archive import digest_of, load_model
from fraudstream.models.initial_state import load_state
from fraudstream.ports.slices import Deployment, Shadow
from fraudstream.scoring.model_cache import ModelCache

WAYS = tuple(planted(Path("/nowhere")))


def test_the_attack_would_work(tmp_path: Path) -> None:
    marker = tmp_path / "marker"
    pickle.loads(planted(marker)["pickle"])  # noqa: S301 - that is what must not happen

    assert marker.exists()


@pytest.mark.parametrize("way", WAYS)
def test_the_scorer_refuses_it_although_its_digest_is_the_pinned_one(way: str, tmp_path: Path) -> None:
    """Whoever may write the deployment writes a digest that fits."""
    marker = tmp_path / "marker"
    content = planted(marker)[way]
    deployment = Deployment(1, "1", digest_of(content), CATALOGUE_VERSION, 0.5)

    with pytest.raises(ModelUnavailable):
        ModelCache().get(deployment, lambda _: content)
    with pytest.raises(ModelUnavailable):
        load_model(content, digest="0" * 64)
    with pytest.raises(ModelUnavailable):
        load_state(content)
    assert list(tmp_path.iterdir()) == []


def test_a_challenger_that_attacks_does_not_stand_in_the_way(tmp_path: Path) -> None:
    content = planted(tmp_path / "marker")["archive of object arrays"]
    challenger = Shadow("2", digest_of(content), CATALOGUE_VERSION)

    assert ModelCache().on_trial(challenger, lambda _: content) is None
    assert list(tmp_path.iterdir()) == []
