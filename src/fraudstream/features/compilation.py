"""How the kernel is compiled: small functions inlined into one entry point, which alone is cached on disk.

Numba renews a cached function only when the file it stands in changes. The kernel is spread over several modules,
so the cache of its entry point carries a digest of them all.
"""

import hashlib
from collections.abc import Callable
from importlib import resources
from typing import TypeVar, cast

from numba import njit

Function = TypeVar("Function", bound=Callable[..., object])


def compiled(function: Function) -> Function:
    """Compile a scalar function of the kernel; it has no cache of its own and is inlined where it is called."""
    return cast("Function", njit(nogil=True, fastmath=False)(function))


def cached(function: Function) -> Function:
    """Compile an entry point and keep it on disk (in `NUMBA_CACHE_DIR` where that is set).

    The function must be a closure over `source_digest()`, or changes in other modules would not be seen.
    """
    return cast("Function", njit(cache=True, nogil=True, fastmath=False)(function))


def source_digest() -> int:
    """A 63-bit digest of every module of this package."""
    digest = hashlib.sha256()
    for module in sorted(resources.files(__package__ or "").iterdir(), key=lambda entry: entry.name):
        if module.name.endswith(".py"):
            digest.update(module.read_bytes())
    return int.from_bytes(digest.digest()[:8], "big") >> 1
