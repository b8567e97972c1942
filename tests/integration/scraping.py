"""Reads what a running process tells Prometheus."""

import socket
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

from prometheus_client.parser import text_string_to_metric_families

PATIENCE = 60.0


def a_free_port() -> int:
    """A port on loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def scraped(port: int, wanted: str, fits: Callable[[float], bool] = lambda _: True) -> Mapping[str, float]:
    """Everything the process says, once it says `wanted` with a value that fits; keys are as Prometheus writes them."""
    deadline, figures = time.monotonic() + PATIENCE, dict[str, float]()
    while not any(name.split("{")[0] == wanted and fits(value) for name, value in figures.items()):
        assert time.monotonic() < deadline, f"{wanted} was not told: {figures}"
        time.sleep(0.1)
        figures = _figures(port)
    return figures


def _figures(port: int) -> dict[str, float]:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            text = answer.read().decode()
    except (urllib.error.URLError, ConnectionError):
        return {}
    return {
        sample.name + (f"{{{labels}}}" if (labels := _labels(sample.labels)) else ""): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def _labels(labels: Mapping[str, str]) -> str:
    return ",".join(f'{name}="{value}"' for name, value in sorted(labels.items()))
