"""The alert function as a zip file: what Lambda takes, compiled, and the same bytes for the same contents."""

import sys
import zipfile
from pathlib import Path

import pytest
from scripts import lambda_zip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "packages"
    (made / "vendor").mkdir(parents=True)
    (made / "vendor" / "__init__.py").write_text("VALUE = 1\n", encoding="utf-8")
    (made / "bin").mkdir()
    (made / "bin" / "tool").write_text("#!/usr/bin/python\n", encoding="utf-8")
    lambda_zip.add_own(made)
    return made


def test_it_holds_the_handler_and_packages_and_no_programs(folder: Path, tmp_path: Path) -> None:
    lambda_zip.pack(folder, tmp_path / "made" / "function.zip")

    with zipfile.ZipFile(tmp_path / "made" / "function.zip") as archive:
        names = archive.namelist()
    assert {"handler.py", "vendor/__init__.py", "fraudstream/alerting/notification.py"} <= set(names)
    assert not [name for name in names if name.startswith("bin/")]


def test_the_same_contents_make_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    lambda_zip.pack(folder, first)
    (folder / "vendor" / "__init__.py").touch()
    lambda_zip.pack(folder, second)

    assert first.read_bytes() == second.read_bytes()


def test_what_is_compiled_needs_no_look_at_the_source(folder: Path) -> None:
    """Bytes five to eight of a compiled module say whether its source is looked at (PEP 552): 1 for never."""
    lambda_zip.compile_all(folder, sys.executable)

    (compiled,) = (folder / "vendor" / "__pycache__").iterdir()
    assert int.from_bytes(compiled.read_bytes()[4:8], "little") == 1


def test_what_lambda_would_not_take_is_refused(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lambda_zip, "MOST_BYTES", 1_000)

    with pytest.raises(SystemExit, match="deploy the image instead"):
        lambda_zip.pack(folder, tmp_path / "function.zip")


def test_a_command_that_is_there_and_no_such_python_is_not_used() -> None:
    assert not lambda_zip.is_python("false")
    assert not lambda_zip.is_python("no-such-python")
