"""Ivy is told exactly what to fetch and, where somebody has a mirror, from where."""

import xml.etree.ElementTree as ET
from collections.abc import Sequence
from pathlib import Path

import pytest

from fraudstream.errors import TemporarilyUnavailable
from fraudstream.local.ivy import Artifact, Ivy, ivy_jar
from fraudstream.local.java import Java

MIRROR = "https://mirror.example/maven?a=1&b=2"
RECORDER = """#!/bin/sh
while [ $# -gt 0 ]; do case $1 in -ivy | -settings) cp "$2" "$(dirname "$0")" ;; esac; shift; done
echo "not found: org#missing;1"
exit 1
"""


@pytest.fixture
def recorded(tmp_path: Path) -> Path:
    """A folder to which a failing stand-in for Java copies what it was given."""
    java = tmp_path / "java"
    java.write_text(RECORDER)
    java.chmod(0o755)
    return tmp_path


def retrieve(folder: Path, artifacts: Sequence[Artifact], url: str | None) -> None:
    ivy = Ivy(Java(folder / "java", 17), folder / "cache", url)
    ivy.retrieve(artifacts, "[artifact].jar", on_fetched=lambda: None)


def test_what_is_missing_is_named_with_the_mirror(recorded: Path) -> None:
    with pytest.raises(TemporarilyUnavailable, match=r"https://mirror\.example.*not found: org#missing;1"):
        retrieve(recorded, [Artifact("org", "missing", "1")], MIRROR)


def test_only_the_listed_artifacts_are_asked_for(recorded: Path) -> None:
    with pytest.raises(TemporarilyUnavailable, match="Maven Central did not deliver"):
        retrieve(recorded, [Artifact("org", "one", "1"), Artifact("org", "two", "2")], None)

    asked = ET.parse(recorded / "ivy.xml").findall("dependencies/dependency")  # noqa: S314 - our own file
    assert [(node.get("name"), node.get("rev"), node.get("transitive")) for node in asked] == [
        ("one", "1", "false"),
        ("two", "2", "false"),
    ]
    assert not (recorded / "ivysettings.xml").exists()


def test_a_mirror_replaces_the_repository(recorded: Path) -> None:
    with pytest.raises(TemporarilyUnavailable, match="did not deliver"):
        retrieve(recorded, [Artifact("org", "one", "1")], MIRROR)

    resolver = ET.parse(recorded / "ivysettings.xml").find("resolvers/ibiblio")  # noqa: S314 - our own file
    assert resolver is not None
    assert resolver.get("root") == MIRROR


def test_ivy_comes_with_pyspark() -> None:
    assert ivy_jar().is_file()


def test_a_forgotten_artifact_is_fetched_anew(tmp_path: Path) -> None:
    artifact = Artifact("org.example", "one", "1")
    cached = tmp_path / "org.example" / "one" / "jars" / "one-1.jar"
    cached.parent.mkdir(parents=True)
    cached.touch()

    Ivy(Java(Path("java"), 17), tmp_path).forget(artifact)

    assert not cached.exists()
