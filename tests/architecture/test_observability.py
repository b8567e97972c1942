"""Prometheus asks exactly the processes that tell metrics, and the dashboard shows metrics that exist."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.architecture.test_compose import SERVICES

from fraudstream.metrics.catalogue import COMMON, PROCESSES, Kind, Metric

FOLDER = Path(__file__).parents[2] / "services" / "observability"
CONFIGURATION: dict[str, Any] = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
JOBS: dict[str, dict[str, Any]] = {job["job_name"]: job for job in CONFIGURATION["scrape_configs"]}
GRAFANA = FOLDER / "grafana"
DASHBOARD: dict[str, Any] = json.loads((GRAFANA / "dashboards" / "fraudstream.json").read_text(encoding="utf-8"))
PANELS: list[dict[str, Any]] = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS: list[str] = [target["expr"] for panel in PANELS for target in panel["targets"]]
METRICS: dict[str, Metric] = {m.name: m for metrics in (COMMON, *PROCESSES.values()) for m in metrics}
TELLING = {name: service["environment"] for name, service in SERVICES.items() if "METRICS_PORT" in str(service)}
SERVICE_OF = {"quality": "live-quality"}
"""Services that are called otherwise than their process."""


def shown(expression: str) -> list[str]:
    return re.findall(r"fraudstream_\w+", expression)


def test_every_process_that_has_metrics_tells_them() -> None:
    assert {SERVICE_OF.get(name, name) for name in PROCESSES} == TELLING.keys()


def test_prometheus_asks_everybody_who_tells_where_they_tell_it() -> None:
    asked = {name: job["static_configs"][0]["targets"] for name, job in JOBS.items() if not name.startswith("spark-")}

    assert asked == {name: [f"{name}:{given['METRICS_PORT']}"] for name, given in TELLING.items()}
    assert JOBS.keys() <= SERVICES.keys()


def test_who_tells_is_heard_inside_the_network_and_nowhere_else() -> None:
    published = " ".join(str(port) for service in SERVICES.values() for port in service.get("ports", ()))

    assert {given["METRICS_HOST"] for given in TELLING.values()} == {"0.0.0.0"}  # noqa: S104 - a container's own network
    for given in TELLING.values():
        assert str(given["METRICS_PORT"]) not in published


def test_grafana_finds_its_source_and_its_dashboard() -> None:
    (source,) = yaml.safe_load((GRAFANA / "datasources" / "prometheus.yml").read_text(encoding="utf-8"))["datasources"]
    (given,) = yaml.safe_load((GRAFANA / "dashboards" / "provider.yml").read_text(encoding="utf-8"))["providers"]
    mounts = SERVICES["grafana"]["volumes"]

    assert {panel["datasource"]["uid"] for panel in PANELS} == {source["uid"]}
    assert "./services/observability/grafana:/etc/grafana/provisioning:ro" in mounts
    assert given["options"]["path"] == "/etc/grafana/provisioning/dashboards"


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_the_dashboard_shows_what_there_is_as_what_it_is(expression: str) -> None:
    """A counter is only of use as a rate; a gauge has none."""
    for name in shown(expression):
        grows = METRICS[name].kind is Kind.COUNTER
        assert bool(re.search(rf"(?:rate|increase)\({name}\[", expression)) == grows
    for job in re.findall(r'job=~"([^"]+)"', expression):
        assert set(job.split("|")) == TELLING.keys()


def test_labels_that_the_dashboard_names_belong_to_their_metric() -> None:
    for panel in PANELS:
        for target in panel["targets"]:
            named = set(re.findall(r"\{\{(\w+)\}\}", target["legendFormat"])) - {"job"}
            known = {label for name in shown(target["expr"]) for label in METRICS[name].labels}
            assert named <= known, panel["title"]


@pytest.mark.parametrize("process", sorted(PROCESSES))
def test_the_dashboard_has_something_of_every_process(process: str) -> None:
    assert {metric.name for metric in PROCESSES[process]} & {name for each in EXPRESSIONS for name in shown(each)}


def test_panels_do_not_lie_on_each_other() -> None:
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        assert all(x < 24 for x, _ in cells)
        taken |= cells
