"""A finished training as the registry takes it: figures, tags and files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict

from fraudstream.models.archive import digest_of, to_bytes
from fraudstream.models.initial_state import InitialState, state_to_bytes
from fraudstream.ports.registry import TrainingRun
from fraudstream.training.build import BuiltModel
from fraudstream.training.card import SIMULATED, Origin, model_card, moment_text
from fraudstream.training.evaluate import better
from fraudstream.training.parts import CARD_FILE, DIGEST_TAG, METADATA_FILE, MODEL_FILE, STATE_DIGEST_TAG, STATE_FILE
from fraudstream.training.recipes import Recipe, Trial


def registry_entry(
    built: BuiltModel,
    facts: Mapping[str, str],
    started_at: float,
    extra: Mapping[str, bytes],
    *,
    state: InitialState | None = None,
    origin: Origin = SIMULATED,
) -> TrainingRun:
    """Pack a training.

    Args:
        built: the model, with `facts` as its metadata, and what it is worth.
        facts: what is known of the training without its results; `code_version` among them.
        started_at: in seconds since 1970 UTC.
        extra: further files by name.
        state: what the log begins from, where the training made it.
        origin: where the payments came from.
    """
    model = built.model
    content = to_bytes(model)
    files = {MODEL_FILE: content}
    tags = {
        DIGEST_TAG: digest_of(content),
        "catalogue_version": str(model.catalogue_version),
        "code_version": facts["code_version"],
        "threshold": repr(model.threshold),
    }
    if state is not None:
        files[STATE_FILE] = state_to_bytes(state)
        tags[STATE_DIGEST_TAG] = digest_of(files[STATE_FILE])
    card = model_card({**facts, **tags}, built.evaluation, built.baseline, model.feature_names, origin)
    files[CARD_FILE] = card.encode()
    files[METADATA_FILE] = json.dumps(_metadata(built, facts, tags, started_at), indent=2).encode() + b"\n"
    return TrainingRun(
        started_at=started_at,
        parameters={**facts, "features": ",".join(model.feature_names)},
        metrics=built.evaluation.metrics() | dict(better(built.evaluation, built.baseline)),
        tags=tags,
        artefacts={**files, **extra},
    )


def choice_facts(recipe: Recipe, trials: Sequence[Trial]) -> dict[str, str]:
    """Which recipe was taken, and the average precision of each that was tried, as facts of a training."""
    facts = {"model": recipe.text, "model_family": recipe.family.value}
    if len(trials) > 1:
        facts["chosen_from"] = "; ".join(f"{trial.mean:.4f} {trial.recipe.text}" for trial in trials)
    return facts


def _metadata(
    built: BuiltModel, facts: Mapping[str, str], tags: Mapping[str, str], started_at: float
) -> dict[str, object]:
    return {
        "facts": dict(facts),
        "tags": dict(tags),
        "features": built.model.feature_names,
        "recipe": _plain(built.recipe),
        "trials": [_plain(trial.recipe) | {"average_precision": trial.average_precision} for trial in built.trials],
        "calibration": asdict(built.model.calibration),
        "threshold": built.model.threshold,
        "evaluation": asdict(built.evaluation),
        "baseline": asdict(built.baseline),
        "started_at": moment_text(started_at),
    }


def _plain(recipe: Recipe) -> dict[str, object]:
    return {
        "family": recipe.family.value,
        "settings": dict(recipe.settings),
        "genuine_per_fraud": recipe.genuine_per_fraud,
    }
