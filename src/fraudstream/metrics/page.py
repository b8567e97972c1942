"""The reference page of the metrics."""

from fraudstream.metrics.catalogue import COMMON, PROCESSES
from fraudstream.metrics.metric import Metric


def metrics_page() -> str:
    """The page as Markdown."""
    lines = [
        "# Metrics",
        "",
        "Generated from `metrics/catalogue.py`. A process answers Prometheus at",
        "`http://METRICS_HOST:METRICS_PORT/metrics`",
        "where `METRICS_PORT` is set: in compose, where the profile `observability` asks all of them, and in the demo,",
        "on loopback. `fraudstream top` asks them, too ([how to watch the stream](../how-to/watch-the-stream.md)).",
        "",
        "A counter begins with 0 at each start, unless its meaning says otherwise; a gauge is not there before its",
        "value is known. A histogram has `_bucket` (with a label `le`), `_sum` and `_count`. What a label says:",
        "`age_days` is how many days before the newest known day the payments were made; `model_version` scored them.",
        "",
        "`demo` supervises the embedded stack and has no container, `alert-channels` and `dynamodb-projector` run",
        "where their profiles are asked for; the alert function itself is measured by its trigger, and on AWS by",
        "CloudWatch.",
        "",
        *_table("every process", COMMON),
    ]
    for process, metrics in PROCESSES.items():
        lines += _table(process, metrics)
    lines += [
        "Besides these, each process tells the standard `process_*` figures: memory, processor time, open files.",
        "",
    ]
    return "\n".join(lines)


def _table(title: str, metrics: tuple[Metric, ...]) -> list[str]:
    rows = [
        f"| `{metric.name}` | {metric.kind} | {metric.unit} | "
        f"{', '.join(f'`{label}`' for label in metric.labels) or '-'} | {metric.meaning} |"
        for metric in metrics
    ]
    head = ["| metric | kind | unit | labels | meaning |", "| --- | --- | --- | --- | --- |"]
    return [f"## {title}", "", *head, *rows, ""]
