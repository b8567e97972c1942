"""What runs on hosted machines is pinned by commit, may do next to nothing, and does what the README says."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
WORKFLOWS: dict[str, dict[str, Any]] = {path.name: yaml.safe_load(path.read_text()) for path in FILES}
JOBS = {f"{file}/{name}": job for file, flow in WORKFLOWS.items() for name, job in flow["jobs"].items()}
ALLOWED = {"actions/checkout", "actions/setup-python", "actions/setup-java"}
ALLOWED |= {"actions/upload-artifact", "actions/download-artifact"}
TARGETS = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
README = (ROOT / "README.md").read_text()


def each_job() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_actions_are_githubs_own_and_pinned_by_commit_with_their_version_beside(path: Path) -> None:
    lines = re.findall(r"uses:\s*(.*)", path.read_text())

    assert lines
    assert [line for line in lines if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+", line)] == []
    assert {line.split("@")[0] for line in lines} <= ALLOWED


def test_one_action_has_one_commit() -> None:
    found = {line for path in FILES for line in re.findall(r"uses:\s*(.*)", path.read_text())}

    assert len(found) == len({line.split("@")[0] for line in found})


@pytest.mark.parametrize("flow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_workflow_has_no_rights_and_no_dangerous_trigger(flow: dict[Any, Any]) -> None:
    assert flow["permissions"] == {}
    assert flow[True].keys() <= {"push", "pull_request", "schedule"}  # YAML takes `on` for a truth value


@each_job()
def test_a_job_may_read_the_code_and_no_more_and_ends(job: dict[str, Any]) -> None:
    assert job["permissions"] == {"contents": "read"}
    assert 0 < job["timeout-minutes"] <= 120
    assert job["runs-on"] == "ubuntu-24.04"


@each_job()
def test_a_checkout_keeps_no_credentials(job: dict[str, Any]) -> None:
    checkouts = [step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout@")]

    assert [step["with"]["persist-credentials"] for step in checkouts] == [False]


@each_job()
def test_nothing_of_an_event_stands_in_a_script_and_nothing_is_secret(job: dict[str, Any]) -> None:
    scripts = [step["run"] for step in job["steps"] if "run" in step]

    assert [script for script in scripts if "${{" in script] == []
    assert "secrets." not in str(job)


@each_job()
def test_scripts_call_targets_that_exist(job: dict[str, Any]) -> None:
    called = {name for step in job["steps"] for name in re.findall(r"\bmake ([a-z-]+)", step.get("run", ""))}

    assert called <= TARGETS


def test_it_does_what_the_readme_says_on_what_the_readme_says() -> None:
    jobs = WORKFLOWS["ci.yml"]["jobs"]
    called = {
        name for job in jobs.values() for step in job["steps"] for name in re.findall(r"make ([a-z-]+)", str(step))
    }

    for target in ("demo", "test", "up", "verify"):
        assert f"make {target}" in README
        assert target in called
    assert "Python 3.11 to 3.13" in README
    assert jobs["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert {step["with"]["java-version"] for step in jobs["test"]["steps"] if "java" in str(step.get("uses"))} == {"17"}


def test_a_release_tests_the_file_that_was_built() -> None:
    build, test = WORKFLOWS["release.yml"]["jobs"]["build"], WORKFLOWS["release.yml"]["jobs"]["test"]

    assert sum("make wheel" in step.get("run", "") for step in build["steps"]) == 1
    assert test["needs"] == "build"
    assert "make wheel" not in str(test).replace("make test-wheel", "")
    assert [step["run"] for step in test["steps"] if "sha256sum --check" in step.get("run", "")]
