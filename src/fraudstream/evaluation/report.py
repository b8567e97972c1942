"""What an evaluation found, as one line of JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from fraudstream.evaluation.contest import Candidate, Outcome
from fraudstream.evaluation.figures import Figures
from fraudstream.evaluation.published import PUBLISHED, SOURCE

LEARNED_MARGIN = 0.02
"""Area under the curve above one half without which a ranking counts as a coin's."""
CAVEAT = "A simulator proves plumbing and regressions, not what a model is worth on real payments."
NOTHING_TO_LEARN = "nothing to learn"


@dataclass(frozen=True)
class Ablation:
    """The best candidate's recipe without some features: average precision, and how much less that is."""

    without: str
    features: tuple[str, ...]
    ap: float
    loss: float


@dataclass(frozen=True)
class Report:
    """One evaluation: `rows` payments in the world, `frauds` of them fraud, and what was measured on some of them.

    `seconds` has the time of each step; `replay_seconds` and `cpu_seconds`, of the whole process,
    are processor time. `peak_memory_mb` is what the process took
    at most so far, in units of 2**20 bytes.
    """

    world: str
    seed: int
    small: bool
    rows: int
    frauds: int
    outcome: Outcome
    ablations: tuple[Ablation, ...]
    seconds: Mapping[str, float]
    replay_seconds: float
    cpu_seconds: float
    peak_memory_mb: float

    @property
    def learned(self) -> bool:
        """Whether any candidate ranks better than a coin."""
        return any(one.figures.auc > 0.5 + LEARNED_MARGIN for one in self.outcome.candidates)

    @property
    def verdict(self) -> str:
        """One sentence on what came out."""
        best, auc = self.outcome.best.recipe.family.text, self.outcome.best.figures.auc
        if self.learned:
            return f"{best} ranks frauds above other payments: AUC {auc:.3f}"
        return (
            f"{NOTHING_TO_LEARN}: no model ranks frauds above other payments (AUC {auc:.3f}, within "
            f"{LEARNED_MARGIN:g} of a coin's 0.5); if these were your labels, look at them before you train"
        )

    def to_json(self) -> str:
        """The figures of the best candidate, those of the serving one under `serving`, and of all."""
        outcome = self.outcome
        document = {
            "world": self.world,
            "seed": self.seed,
            "small": self.small,
            "rows": self.rows,
            "frauds": self.frauds,
            **_figures(outcome.best),
            "serving": _figures(outcome.serving) if outcome.serving else None,
            "candidates": [_figures(one) for one in outcome.candidates],
            "tried": [{"model": one.recipe.text, "validation_ap": one.average_precision} for one in outcome.tried],
            "ablations": [asdict(one) for one in self.ablations],
            "verdict": self.verdict,
            "learned": self.learned,
            "seconds": sum(self.seconds.values()),
            "seconds_of_steps": self.seconds,
            "replay_cpu_seconds": self.replay_seconds,
            "cpu_seconds": self.cpu_seconds,
            "peak_memory_mb": self.peak_memory_mb,
            "note": CAVEAT,
        }
        if self.world == "handbook":
            document["published"] = {"source": SOURCE, "models": [asdict(one) for one in PUBLISHED]}
        return json.dumps(document)


def _figures(candidate: Candidate) -> dict[str, object]:
    """Means over the folds, and each fold; the counts are of payments measured."""
    return {
        "model": candidate.recipe.text,
        "family": candidate.recipe.family.value,
        "digest": candidate.digest,
        "rows_per_second": candidate.rows_per_second,
        "validation_ap": candidate.trial.mean,
        **_plain(candidate.figures),
        "per_fold": [{"fold": name} | _plain(figures) for name, figures in candidate.per_fold.items()],
    }


def _plain(figures: Figures) -> dict[str, object]:
    named = asdict(figures)
    return named | {"measured_rows": named.pop("rows"), "measured_frauds": named.pop("frauds")}
