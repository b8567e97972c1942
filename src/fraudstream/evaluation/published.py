"""What others reached on the Handbook world, under the protocol of `protocol`."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Published:
    """Figures as they were published, each the lowest and the highest that is given; means of four folds."""

    model: str
    auc: tuple[float, float]
    ap: tuple[float, float]
    cp100: tuple[float, float]


SOURCE = "Le Borgne, Siblini, Lebichot, Bontempi: Reproducible Machine Learning for Credit Card Fraud Detection, 2022"
PUBLISHED = (
    Published("logistic regression", (0.868, 0.868), (0.623, 0.623), (0.297, 0.297)),
    Published("LSTM with attention", (0.874, 0.874), (0.667, 0.667), (0.295, 0.295)),
    Published("feed-forward network", (0.876, 0.876), (0.675, 0.675), (0.303, 0.303)),
    Published("XGBoost", (0.869, 0.872), (0.687, 0.694), (0.303, 0.303)),
)
PERFECT_CP100 = 0.419
"""Card precision of whoever knows the truth: on most days fewer than 100 cards are compromised."""
