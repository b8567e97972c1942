"""What a worker has freed it has for the next slice, without the system clearing pages again."""

import os
import platform
import subprocess
import sys
from collections.abc import Mapping

import pytest

from fraudstream.scoring.session import WORKER_ENVIRONMENT

SLICE_AFTER_SLICE = """
import resource

def a_slice():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    [b"x" * size for size in range(1_000_000, 30_000_000, 4_000_000)]
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

print([a_slice() for _ in range(4)][-1])
"""


def page_faults(environment: Mapping[str, str]) -> int:
    command = [sys.executable, "-c", SLICE_AFTER_SLICE]
    done = subprocess.run(
        command, env={**os.environ, **environment}, capture_output=True, text=True, check=True, timeout=60
    )
    return int(done.stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is told to keep what was freed")
def test_a_slice_gets_the_memory_of_the_one_before() -> None:
    assert page_faults(WORKER_ENVIRONMENT) < 1_000 < page_faults({})
