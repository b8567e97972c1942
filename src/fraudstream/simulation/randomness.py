"""Seeded randomness: every part of a simulation draws from a stream of its own."""

from enum import IntEnum

import numpy as np
import numpy.typing as npt


class Stream(IntEnum):
    """Who draws; a change in one part leaves the draws of the others as they were."""

    MERCHANTS = 1
    CARDHOLDERS = 2
    SPENDING = 3
    SCENARIOS = 4
    LABELS = 5
    TRANSACTION_IDS = 6
    SCRIPT = 7


def generator(seed: int, stream: Stream, *parts: int) -> np.random.Generator:
    """A generator that is a function of its arguments alone; all of them are at least 0."""
    return np.random.Generator(np.random.PCG64(np.random.SeedSequence([seed, stream, *parts])))


def key_words(seed: int, stream: Stream, *parts: int) -> tuple[int, int]:
    """Two 64-bit words that are a function of the arguments alone."""
    high, low = np.random.SeedSequence([seed, stream, *parts]).generate_state(2, np.uint64)
    return int(high), int(low)


def pick(cumulative: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int16]:
    """One column drawn for each row of cumulative probabilities (n, k)."""
    drawn = rng.random(len(cumulative))[:, None] >= cumulative[:, :-1]
    return np.asarray(drawn.sum(axis=1), np.int16)
