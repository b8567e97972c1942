"""Families of models; like the command line, it imports nothing heavy."""

from enum import StrEnum

from fraudstream.errors import ConfigurationError

BEST = "best"
"""Asks for every family."""


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


def families_named(name: str) -> tuple[Family, ...]:
    """The family of that name, or all of them for `BEST`.

    Raises:
        ConfigurationError: there is no such family.
    """
    if name == BEST:
        return tuple(Family)
    if name not in list(Family):
        raise ConfigurationError(f"there is no family of models called {name}; use {', '.join(Family)} or {BEST}")
    return (Family(name),)
