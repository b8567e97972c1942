"""What reads parquet starts no thread that could outlive the interpreter and abort it at its end."""

import subprocess
import sys

import pytest

READ = """
import io, psutil
import numpy as np, pyarrow as pa, pyarrow.parquet as pq
from fraudstream.adapters.parquet_batches import record_batches
from fraudstream.adapters.parquet_texts import parquet_texts
from fraudstream.archive.parquet import columns_of

names = [f"c{{number}}" for number in range(16)]
sink = io.BytesIO()
pq.write_table(pa.table({{name: np.arange(1000.0) for name in names}}), sink)
content = sink.getvalue()
before = psutil.Process().num_threads()
{reading}
print(psutil.Process().num_threads() - before)
"""


@pytest.mark.parametrize(
    "reading",
    ["columns_of(content, *names)", "list(record_batches(content, 100, names))", "list(parquet_texts(content))"],
)
def test_reading_starts_no_thread(reading: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", READ.format(reading=reading)], capture_output=True, text=True, check=False, timeout=60
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "0\n"
