"""What is installed knows of no emulator: the environment alone leads to one."""

import ast
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

ROOT = Path(__file__).parents[2]
EMBEDDED = ("fraudstream/local/", "fraudstream/chaos/")
"""What starts servers of its own on one machine, and says so to what it starts."""
JUDGES = "fraudstream/cloud/places.py"
"""Tells addresses and keys apart, and so must name some."""
VENDORED = "/static/vendor/"
"""Drawing libraries, to which a path's style is a colour."""
LEAKS = {
    "an endpoint": re.compile(r"endpoint_url\s*=|endpoint_override\s*="),
    "a branch": re.compile(r"\bif (?:not )?(?:is_|on_)?(?:local|localstack|moto|emulated)\b"),
    "an emulator's address": re.compile(r"localhost:4566|localstack|:4566\b|host\.docker\.internal"),
    "an address of this machine": re.compile(r"https?://(?:localhost|127\.0\.0\.1(?!:8090/health)|\[::1\])"),
    "an access key": re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"),
    "keys": re.compile(r"""(?i)aws_(?:access_key_id|secret_access_key|session_token)["']?\s*[:=]"""),
    "path style": re.compile(r"path[._-]style|addressing_style", re.IGNORECASE),
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Text of every file in the wheel, by path; of its metadata all but the README, which tells people of the demo."""
    (path,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path_factory.mktemp("wheel")), versions=["standard"])
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name).decode() for name in archive.namelist()}
    return {n: text.partition("\n\n")[0] if n.endswith(".dist-info/METADATA") else text for n, text in files.items()}


def code(text: str) -> str:
    """A module without its comments and docstrings, where people may be told of emulators."""
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            node.body = [line for line in node.body if not _is_text(line)] or [ast.Pass()]
    return ast.unparse(tree)


def _is_text(line: ast.stmt) -> bool:
    return isinstance(line, ast.Expr) and isinstance(line.value, ast.Constant) and isinstance(line.value.value, str)


def leaks_in(files: dict[str, str]) -> Iterator[str]:
    for name, text in files.items():
        if name.startswith(EMBEDDED) or name == JUDGES or VENDORED in name:
            continue
        for kind, pattern in LEAKS.items():
            if pattern.search(text) and (found := pattern.search(code(text) if name.endswith(".py") else text)):
                yield f"{name}: {kind}: {found[0]}"


def test_the_wheel_is_whole(wheel: dict[str, str]) -> None:
    assert {"fraudstream/cli.py", "fraudstream/adapters/aws/calls.py", "fraudstream/cloud/doctor.py"} <= wheel.keys()


def test_the_wheel_holds_no_endpoint_no_keys_no_path_style_and_no_branch(wheel: dict[str, str]) -> None:
    assert list(leaks_in(wheel)) == []


@pytest.mark.parametrize(
    "planted",
    [
        "client = boto3.client('s3', endpoint_url='http://x')",
        "filesystem = S3FileSystem(endpoint_override=x)",
        "if is_local:\n    pass",
        "URL = 'http://localhost:4566'",
        "boto3.Session(aws_access_key_id=x)",
        "KEYS = {'AWS_ACCESS_KEY_ID': 'test'}",
        "Config(s3={'addressing_style': 'path'})",
        "OPTIONS = {'fs.s3a.path.style.access': 'true'}",
    ],
)
def test_a_planted_leak_is_found(planted: str) -> None:
    assert list(leaks_in({"fraudstream/alerting/main.py": planted})) != []


@pytest.mark.parametrize(
    ("name", "planted"),
    [
        ("fraudstream/dashboard/static/live.js", "fetch('http://localhost:8000/live')"),
        ("fraudstream/provisioning/templates/fraudstream-apps.json", '{"Value": "http://localstack:4566"}'),
        ("fraudstream/scoring/log4j2.properties", "appender.url = http://127.0.0.1:9000"),
        ("fraudstream-0.1.0.dist-info/METADATA", "AKIAIOSFODNN7EXAMPLE"),
    ],
)
def test_a_planted_leak_is_found_in_files_that_are_no_code(name: str, planted: str) -> None:
    assert list(leaks_in({name: planted})) != []


def test_what_people_are_told_is_no_leak() -> None:
    assert list(leaks_in({"fraudstream/alerting/main.py": '"""LocalStack answers at localhost:4566."""'})) == []
