"""Families of models; like the command line, it imports nothing heavy."""

from enum import StrEnum


class Family(StrEnum):
    """A kind of model that can be trained, exported to arrays and served."""

    LOGISTIC_REGRESSION = "logistic-regression"
    GRADIENT_BOOSTING = "gradient-boosting"
    HISTOGRAM_BOOSTING = "histogram-boosting"
    EXTRA_TREES = "extra-trees"

    @property
    def text(self) -> str:
        """As a person reads it."""
        return self.value.replace("-", " ")
