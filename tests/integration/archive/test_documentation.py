"""The example on the page about the archive runs, and reads each record once."""

import re
from pathlib import Path

import pytest
from tests.integration.archive.stream import ArchivedStream

pytestmark = pytest.mark.integration

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "read-the-archive.md"


def test_the_example_reads_each_record_once(stream: ArchivedStream, tmp_path: Path) -> None:
    """Beside an object that nobody names, and over two manifests' worth of cuts."""
    stream.send(1, 2, bad=1)
    stream.score()
    stream.archive("2")
    for number in (3, 4):
        stream.send(number)
        stream.score()
        stream.archive()
    (code,) = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    script = tmp_path / "example.py"
    script.write_text(code, encoding="utf-8")
    done = stream.run(str(script))

    assert done.returncode == 0, done.stderr
    assert "5 records, 4 scores of 40.10," in done.stdout
    assert "alerts of" in done.stdout
    assert len(stream.objects.list("raw/")) == 3
