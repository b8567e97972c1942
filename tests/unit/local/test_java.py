"""A Java that fits is found; any other is named together with the next step."""

import re
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.local.java import find_java


def a_java(folder: Path, version: str) -> Path:
    """A folder like a Java home, whose `java` claims to be of a version."""
    executable = folder / "bin" / "java"
    executable.parent.mkdir(parents=True)
    executable.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-04-15' >&2\n")
    executable.chmod(0o755)
    return folder


@pytest.mark.parametrize(("text", "version"), [("17.0.15", 17), ("21", 21), ("21.0.1-ea", 21)])
def test_a_supported_java_is_found_on_path(tmp_path: Path, text: str, version: int) -> None:
    home = a_java(tmp_path / "jdk", text)

    found = find_java({"PATH": str(home / "bin")})

    assert (found.version, found.home) == (version, home)


def test_java_home_comes_before_path(tmp_path: Path) -> None:
    named, on_path = a_java(tmp_path / "named", "21.0.2"), a_java(tmp_path / "other", "17.0.1")

    assert find_java({"JAVA_HOME": str(named), "PATH": str(on_path / "bin")}).version == 21


def test_an_unfit_java_home_is_passed_over_for_one_on_path(tmp_path: Path) -> None:
    old, fit = a_java(tmp_path / "old", "1.8.0_392"), a_java(tmp_path / "fit", "17.0.1")

    assert find_java({"JAVA_HOME": str(old), "PATH": str(fit / "bin")}).home == fit


@pytest.mark.parametrize(("text", "version"), [("1.8.0_392", 8), ("11.0.2", 11), ("25", 25)])
def test_another_version_is_named_with_the_next_step(tmp_path: Path, text: str, version: int) -> None:
    home = a_java(tmp_path / "jdk", text)
    sentence = rf"PATH gives Java {version} \({re.escape(str(home))}.*install Java 17 or 21.*JAVA_HOME"

    with pytest.raises(ConfigurationError, match=sentence):
        find_java({"PATH": str(home / "bin")})


def test_a_java_home_without_java_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"JAVA_HOME gives no working Java .*nowhere/bin/java"):
        find_java({"JAVA_HOME": str(tmp_path / "nowhere"), "PATH": ""})


def test_no_java_at_all_is_one_sentence() -> None:
    with pytest.raises(ConfigurationError, match="Java was not found, neither by JAVA_HOME nor on PATH: install Java"):
        find_java({"PATH": ""})
