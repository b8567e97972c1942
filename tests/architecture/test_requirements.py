"""The pinned requirement files fit pyproject.toml, are hashed throughout, and name no package index."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS: dict[str, list[str]] = PROJECT["project"]["optional-dependencies"]
FILES = ("app.txt", "bootstrap.txt", "dev.txt", "docs.txt", "infra.txt", "lambda.txt", "ml.txt", "spark.txt")
IMAGES = {"app.txt": ("web", "aws"), "spark.txt": ("spark",), "ml.txt": ("training", "sagemaker")}
PYTHONS = ("3.11", "3.12", "3.13")


def text(name: str) -> str:
    return (ROOT / "requirements" / name).read_text()


def pins(name: str, python: str) -> dict[str, str]:
    """Version of each package that one file has for one Python on Linux."""
    machine = {"python_version": python, "python_full_version": f"{python}.0", "sys_platform": "linux"}
    found = [Requirement(line) for line in re.findall(r"^([\w.-]+==[^\\\n]*)", text(name), flags=re.MULTILINE)]
    return {
        canonicalize_name(pin.name): next(iter(pin.specifier)).version
        for pin in found
        if pin.marker is None or pin.marker.evaluate(machine)
    }


def with_groups(group: str) -> Iterator[str]:
    for entry in PROJECT["dependency-groups"][group]:
        if isinstance(entry, str):
            yield entry
        else:
            yield from with_groups(entry["include-group"])


def declared() -> Iterator[tuple[str, str]]:
    """Each file with each requirement that it must satisfy."""
    extras = [line for name, lines in EXTRAS.items() if name != "all" for line in lines]
    for line in (*PROJECT["project"]["dependencies"], *extras):
        yield "dev.txt", line
    for file, names in IMAGES.items():
        for line in (*PROJECT["project"]["dependencies"], *(line for name in names for line in EXTRAS[name])):
            yield file, line
    for line in with_groups("dev"):
        yield "dev.txt", line
    for line in EXTRAS["lambda"]:
        yield "lambda.txt", line
    for line in with_groups("docs"):
        yield "docs.txt", line
    for line in with_groups("infra"):
        yield "infra.txt", line


@pytest.mark.parametrize("python", PYTHONS)
def test_every_declared_dependency_is_pinned_to_a_version_it_allows(python: str) -> None:
    pinned = {name: pins(name, python) for name in FILES}
    unfit = [
        f"{file}: {line} is pinned to {pinned[file].get(canonicalize_name(Requirement(line).name))}"
        for file, line in declared()
        if pinned[file].get(canonicalize_name(Requirement(line).name), "") not in Requirement(line).specifier
    ]

    assert not unfit, "run `make lock`"


@pytest.mark.parametrize("name", FILES)
def test_every_pin_has_a_hash(name: str) -> None:
    blocks = re.split(r"^(?=\S)", text(name), flags=re.MULTILINE)
    pinned = [block for block in blocks if "==" in block]

    assert pinned
    assert [block for block in pinned if "--hash=sha256:" not in block] == []


@pytest.mark.parametrize("name", FILES)
def test_no_address_and_no_index_is_named(name: str) -> None:
    assert not re.search(r"://|--index|--extra-index|--find-links|--trusted-host|\bfile:", text(name))


@pytest.mark.parametrize("name", ["lambda.txt", *IMAGES])
def test_the_files_agree_with_one_another(name: str) -> None:
    everything = pins("dev.txt", "3.13")

    assert {package: everything.get(package) for package in pins(name, "3.13")} == pins(name, "3.13")


def test_the_function_gets_none_of_the_heavy_libraries() -> None:
    heavy = {"pyspark", "pandas", "numpy", "scikit-learn", "mlflow", "sqlalchemy", "confluent-kafka", "numba"}

    assert heavy & pins("lambda.txt", "3.13").keys() == set()
