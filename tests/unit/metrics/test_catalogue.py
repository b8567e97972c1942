"""The catalogue of metrics keeps Prometheus' conventions."""

import re
from typing import get_args

import pytest

from fraudstream.metrics.catalogue import COMMON, PROCESSES, ProcessName
from fraudstream.metrics.metric import Histogram, Kind, Metric, Unit
from fraudstream.metrics.page import metrics_page

ALL: set[Metric] = set(COMMON).union(*PROCESSES.values())


def name_of(metric: Metric) -> str:
    return metric.name


IN_ORDER = sorted(ALL, key=name_of)


@pytest.mark.parametrize("metric", IN_ORDER, ids=name_of)
def test_a_metric_is_named_as_prometheus_wants_it(metric: Metric) -> None:
    assert re.fullmatch(r"fraudstream_[a-z]+(_[a-z]+)*", metric.name)
    assert metric.name.endswith("_total") == (metric.kind is Kind.COUNTER)
    assert not re.search(r"_(ms|milliseconds|minutes|mb|kilobytes|percent)(_|$)", metric.name)
    assert metric.meaning
    assert metric.meaning[-1] != "."
    assert metric.unit in Unit
    if metric.unit in {Unit.SECONDS, Unit.TIMESTAMP, Unit.BYTES}:
        assert re.search(r"_(seconds|bytes)(_total)?$", metric.name)
    if isinstance(metric, Histogram):
        assert list(metric.bounds) == sorted(set(metric.bounds))


def test_every_process_that_may_have_a_board_is_described() -> None:
    assert tuple(PROCESSES) == get_args(ProcessName)


def test_each_metric_is_in_the_page_once_for_each_process_that_has_it() -> None:
    page = metrics_page()

    for metrics in (COMMON, *PROCESSES.values()):
        assert len({metric.name for metric in metrics}) == len(metrics)
    assert {metric.name for metric in ALL} == set(re.findall(r"^\| `(\w+)`", page, flags=re.MULTILINE))
