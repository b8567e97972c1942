"""Transaction ids as a function of a key and a running number, so that a repeated run repeats its ids."""

import numpy as np
import numpy.typing as npt

from fraudstream.features.events import Bytes

_Words = npt.NDArray[np.uint64]
_VERSION_4 = (np.uint64(0xFFFF_FFFF_FFFF_0FFF), np.uint64(0x4000))
_VARIANT_1 = (np.uint64(0x3FFF_FFFF_FFFF_FFFF), np.uint64(0x8000_0000_0000_0000))


def transaction_ids(key: tuple[int, int], first: int, count: int) -> Bytes:
    """The ids numbered `first` to `first + count - 1`, (count, 16) bytes of version-4 UUIDs.

    Each half of an id is a one-to-one scrambling of the number, so two numbers share an id only if both halves
    differ in nothing but the six bits that every UUID has in common.
    """
    numbers = np.arange(first, first + count, dtype=np.uint64)
    words = np.empty((count, 2), ">u8")
    for half, (word, (kept, fixed)) in enumerate(zip(key, (_VERSION_4, _VARIANT_1), strict=True)):
        words[:, half] = (_scrambled(numbers, np.uint64(word)) & kept) | fixed
    return words.view(np.uint8)


def _scrambled(numbers: _Words, key: np.uint64) -> _Words:
    """SplitMix64 (Steele, Lea, Flood 2014) of the numbers' steps from the key."""
    mixed = numbers * np.uint64(0x9E37_79B9_7F4A_7C15) + key
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58_476D_1CE4_E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D0_49BB_1331_11EB)
    return mixed ^ (mixed >> np.uint64(31))
