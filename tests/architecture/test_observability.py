"""Prometheus asks exactly the processes that tell metrics; dashboards and rules ask for metrics that exist."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.architecture.test_compose import SERVICES
from tests.servers.choice import docker_problem

from fraudstream.metrics.catalogue import COMMON, PROCESSES
from fraudstream.metrics.metric import Histogram, Kind, Metric
from fraudstream.watching.targets import parsed
from fraudstream.watching.trouble import BOUNDS, RUNBOOKS

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "services" / "observability"
CONFIGURATION: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
JOBS: dict[str, dict[str, Any]] = {job["job_name"]: job for job in CONFIGURATION["scrape_configs"]}
GRAFANA = FOLDER / "grafana"
DASHBOARDS: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted((GRAFANA / "dashboards").glob("*.json"))
}
PANELS: list[tuple[str, dict[str, Any]]] = [
    (name, panel) for name, board in DASHBOARDS.items() for panel in board["panels"] if panel["type"] != "row"
]
RULE_FILES = sorted((FOLDER / "rules").glob("*.yml"))
RULES: list[dict[str, Any]] = [
    rule
    for path in RULE_FILES
    for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
RECORDED = {rule["record"] for rule in RULES if "record" in rule}
EXPRESSIONS = sorted(
    {target["expr"] for _, panel in PANELS for target in panel["targets"]} | {rule["expr"] for rule in RULES}
)
CATALOGUE: dict[str, Metric] = {m.name: m for metrics in (COMMON, *PROCESSES.values()) for m in metrics}
METRICS = {name: m for name, m in CATALOGUE.items() if not isinstance(m, Histogram)} | {
    f"{name}{part}": m
    for name, m in CATALOGUE.items()
    if isinstance(m, Histogram)
    for part in ("_bucket", "_sum", "_count")
}
BEGINS_WITH_WHAT_IS_STORED = {name for name, m in CATALOGUE.items() if "begins with what is stored" in m.meaning}
TELLING = {name: service["environment"] for name, service in SERVICES.items() if "METRICS_PORT" in str(service)}
SERVICE_OF = {"quality": "live-quality"}
"""Services that are called otherwise than their process."""
ELSEWHERE = {"demo"}
"""What has no container."""
IN_PROFILES = {"dynamodb-projector", "alert-channels"}
ON_DEMAND = IN_PROFILES | {"retrain"}
"""What is found by its name, because it may be left out."""
NAMED_LABELS = {"job", "alertname", "alertstate", "le", "version"}
"""Labels that Prometheus gives, or a catalogue's metric without being shown by name."""
PARTS = ("## What it means", "## How to see it", "## What to do", "## How you know that it is over")
RUNBOOK_FILES = sorted(path for path in (ROOT / RUNBOOKS).glob("*.md") if path.name != "README.md")


def shown(expression: str) -> list[str]:
    return re.findall(r"fraudstream_\w+", expression)


def test_every_process_that_has_metrics_tells_them() -> None:
    assert {SERVICE_OF.get(name, name) for name in PROCESSES if name not in ELSEWHERE} == TELLING.keys()


def test_prometheus_asks_everybody_who_tells_where_they_tell_it() -> None:
    asked = {name: job["static_configs"][0]["targets"] for name, job in JOBS.items() if "static_configs" in job}
    found = {name: job["dns_sd_configs"][0] for name, job in JOBS.items() if name in ON_DEMAND}

    assert {name: targets for name, targets in asked.items() if not name.startswith("spark-")} == {
        name: [f"{name}:{given['METRICS_PORT']}"] for name, given in TELLING.items() if name not in ON_DEMAND
    }
    assert {name: (where["names"], where["port"]) for name, where in found.items()} == {
        name: ([name], TELLING[name]["METRICS_PORT"]) for name in ON_DEMAND
    }
    assert JOBS.keys() <= SERVICES.keys()


def test_top_asks_the_same_in_containers() -> None:
    given = SERVICES["verify"]["environment"]["METRICS_TARGETS"].replace(" ", "")

    assert dict(parsed(given)) == {
        name: f"{name}:{each['METRICS_PORT']}" for name, each in TELLING.items() if name not in IN_PROFILES
    }


def test_who_tells_is_heard_inside_the_network_and_nowhere_else() -> None:
    published = " ".join(str(port) for service in SERVICES.values() for port in service.get("ports", ()))

    assert {given["METRICS_HOST"] for given in TELLING.values()} == {"0.0.0.0"}  # noqa: S104 - a container's own network
    for given in TELLING.values():
        assert str(given["METRICS_PORT"]) not in published


def test_grafana_finds_its_source_and_its_dashboards_and_prometheus_its_rules() -> None:
    (source,) = yaml.safe_load((GRAFANA / "datasources" / "prometheus.yml").read_text(encoding="utf-8"))["datasources"]
    (given,) = yaml.safe_load((GRAFANA / "dashboards" / "provider.yml").read_text(encoding="utf-8"))["providers"]

    assert {panel["datasource"]["uid"] for _, panel in PANELS} == {source["uid"]}
    assert "./services/observability/grafana:/etc/grafana/provisioning:ro" in SERVICES["grafana"]["volumes"]
    assert given["options"]["path"] == "/etc/grafana/provisioning/dashboards"
    assert "./services/observability/rules:/etc/prometheus/rules:ro" in SERVICES["prometheus"]["volumes"]
    assert CONFIGURATION["rule_files"] == ["/etc/prometheus/rules/*.yml"]
    assert all(board["uid"] == name for name, board in DASHBOARDS.items())


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_what_is_asked_for_exists_and_is_taken_as_what_it_is(expression: str) -> None:
    """A counter is only of use as a rate, unless it is a total; a gauge has none."""
    for name in shown(expression):
        metric = METRICS[name]
        if name not in BEGINS_WITH_WHAT_IS_STORED:
            grows = metric.kind in {Kind.COUNTER, Kind.HISTOGRAM}
            assert bool(re.search(rf"(?:rate|increase)\({name}(?:{{[^}}]*}})?\[", expression)) == grows
        for matched in re.findall(rf"{name}{{([^}}]*)}}", expression):
            assert set(re.findall(r"(\w+)[=!]", matched)) <= {*metric.labels, "job", "le"}
        for bound in re.findall(rf'{name}{{[^}}]*le="([^"]+)"', expression):
            assert isinstance(metric, Histogram)
            assert float(bound) in metric.bounds
            assert bound == str(float(bound))
    assert set(re.findall(r"slo:\w+:\w+", expression)) <= RECORDED


def test_labels_that_dashboards_name_belong_to_their_metrics() -> None:
    for name, panel in PANELS:
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{(\w+)\}\}", target.get("legendFormat", ""))) - NAMED_LABELS
            known = {label for metric in shown(target["expr"]) for label in METRICS[metric].labels}
            assert named <= known, (name, panel["title"])


@pytest.mark.parametrize("process", sorted(set(PROCESSES) - ELSEWHERE))
def test_the_dashboards_have_every_metric_of_every_process(process: str) -> None:
    """Counts of a day stand behind their rates, and are not shown."""
    shown_somewhere = {METRICS[name] for each in EXPRESSIONS for name in shown(each)}
    left_out = {metric.name for metric in PROCESSES[process] if metric not in shown_somewhere}  # type: ignore[index]

    assert left_out <= {
        "fraudstream_quality_payments",
        "fraudstream_quality_alerts",
        "fraudstream_quality_labels_known",
        "fraudstream_quality_frauds_known",
        "fraudstream_quality_known_on_timestamp_seconds",
        "fraudstream_quality_psi_day_timestamp_seconds",
    }


@pytest.mark.parametrize("board", DASHBOARDS.values(), ids=lambda board: str(board["uid"]))
def test_panels_do_not_lie_on_each_other(board: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        left, top = place.get("x", 0), place.get("y", 0)
        cells = {(x, y) for x in range(left, left + place["w"]) for y in range(top, top + place["h"])}
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells)
        taken |= cells


@pytest.mark.parametrize("name", sorted(ALERTS))
def test_a_rule_says_how_urgent_it_is_and_has_a_runbook(name: str) -> None:
    rule = ALERTS[name]
    runbook = rule["annotations"]["runbook_url"]

    assert rule["labels"]["severity"] in {"page", "ticket"}
    assert rule["annotations"]["summary"]
    assert f"`{name}`" in (ROOT / runbook).read_text(encoding="utf-8").split("\n## ")[0]


@pytest.mark.parametrize("path", RUNBOOK_FILES, ids=lambda path: path.stem)
def test_a_runbook_has_its_parts_and_a_rule(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    at = [text.index(f"\n{part}\n\n") for part in PARTS]

    assert at == sorted(at)
    assert set(re.findall(r"`(\w+)`", text.split("\n## ")[0])) <= ALERTS.keys()
    assert f"{RUNBOOKS}/{path.name}" in {rule["annotations"]["runbook_url"] for rule in ALERTS.values()}
    assert f"]({path.name})" in (ROOT / RUNBOOKS / "README.md").read_text(encoding="utf-8")
    assert set(shown(text)) <= METRICS.keys() | CATALOGUE.keys()
    assert [link for link in re.findall(r"\]\(([^)#]+)\)", text) if not (path.parent / link).exists()] == []


def test_top_names_runbooks_that_there_are() -> None:
    assert {f"{bound.runbook}.md" for bound in BOUNDS} <= {path.name for path in RUNBOOK_FILES}


def test_each_rule_is_tried_by_promtool() -> None:
    tried = "".join(path.read_text(encoding="utf-8") for path in PROMTOOL_TESTS)

    assert [name for name in ALERTS if f"alertname: {name}" not in tried] == []


PROMTOOL_TESTS = sorted((ROOT / "tests" / "unit" / "observability" / "rules").glob("*.yml"))


@pytest.fixture(scope="module")
def promtool() -> list[str]:
    """The command, in this checkout: on PATH, or in the image that the stack uses."""
    if (found := shutil.which("promtool")) is not None:
        return [found]
    image = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", SERVICES["prometheus"]["image"])
    problem = docker_problem()
    if (
        problem is None
        and not subprocess.run(
            ["docker", "image", "inspect", image], capture_output=True, check=False, timeout=60
        ).returncode
    ):
        mount = f"{ROOT}:{ROOT}:ro"
        return ["docker", "run", "--rm", "--network=none", "-v", mount, "--entrypoint=promtool", image]
    pytest.skip(f"promtool is not on PATH (Debian's package `prometheus` has it), nor is the image {image} here")


def test_promtool_finds_the_rules_right(promtool: list[str]) -> None:
    command = [*promtool, "check", "rules", *map(str, RULE_FILES)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode == 0, done.stdout + done.stderr


def test_rules_fire_when_they_should_and_are_silent_when_they_should_be(promtool: list[str]) -> None:
    command = [*promtool, "test", "rules", *map(str, PROMTOOL_TESTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)

    assert done.returncode == 0, done.stdout + done.stderr
