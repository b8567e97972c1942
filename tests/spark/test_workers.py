"""Spark's Python workers are prepared as the scorer needs them, and get records as the broker stamped them."""

import datetime as dt
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark import daemon
from pyspark.sql import DataFrame, SparkSession

from fraudstream.scoring.job import records, warm_up

pytestmark = [
    pytest.mark.spark,
    # PySpark leaves the socket that collect() reads from to the garbage collector
    pytest.mark.filterwarnings("ignore:Exception ignored in. <socket:pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]

OBJECTS_OF_A_MODEL = 30_000
Batches = Iterator[pa.RecordBatch]
STAMP = "TIMESTAMP '2026-03-29 02:30:00.123'"
MOMENT = dt.datetime(2026, 3, 29, 2, 30, 0, 123_000, tzinfo=dt.UTC).timestamp()
ABOUT_A_WORKER = (
    "pid long, frozen long, collects_in_between boolean, archives_are_read_again boolean, modules array<string>, "
    "threads string, kept string"
)


def about_this_worker(batches: Batches) -> Batches:
    import gc  # noqa: PLC0415 - runs in a worker
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415
    import zipimport  # noqa: PLC0415

    assert sum(batch.num_rows for batch in batches) == 1  # a worker with input left is thrown away
    again = zipimport.zipimporter.invalidate_caches.__module__ == "zipimport"
    modules = [name for name in ("numba", "psycopg2", "fraudstream.scoring.worker") if name in sys.modules]
    yield pa.RecordBatch.from_pylist(
        [
            {
                "pid": os.getpid(),
                "frozen": gc.get_freeze_count(),
                "collects_in_between": gc.isenabled(),
                "archives_are_read_again": again,
                "modules": modules,
                "threads": os.environ.get("OMP_NUM_THREADS", ""),
                "kept": os.environ.get("MALLOC_TRIM_THRESHOLD_", ""),
            }
        ]
    )


def leaves_much_behind(batches: Batches) -> Batches:
    import gc  # noqa: PLC0415 - runs in a worker
    import os  # noqa: PLC0415
    import sys  # noqa: PLC0415

    assert sum(batch.num_rows for batch in batches) == 1
    yield pa.RecordBatch.from_pylist([{"pid": os.getpid(), "tracked": len(gc.get_objects())}])
    left = vars(sys).setdefault("left_behind", [])
    left.append([[] for _ in range(OBJECTS_OF_A_MODEL)])


def families_of_sockets(batches: Batches) -> Batches:
    import os  # noqa: PLC0415 - runs in a worker
    import socket  # noqa: PLC0415
    import stat  # noqa: PLC0415

    assert sum(batch.num_rows for batch in batches) == 1
    found = []
    for fd in range(3, 256):
        try:
            is_socket = stat.S_ISSOCK(os.fstat(fd).st_mode)
        except OSError:
            continue
        if is_socket:
            with socket.socket(fileno=os.dup(fd)) as same:
                found.append(same.family.name)
    yield pa.RecordBatch.from_pylist([{"families": sorted(found)}])


def records_in_a_worker(batches: Batches) -> Batches:
    from fraudstream.scoring.worker import records_of  # noqa: PLC0415 - runs in a worker

    for batch in batches:
        read = records_of(batch)
        yield pa.RecordBatch.from_pydict(
            {"offset": read.offset, "log_time": read.log_time, "size": [len(value or b"") for value in read.values]}
        )


def literal(value: bytes | None) -> str:
    return "CAST(NULL AS BINARY)" if value is None else f"X'{value.hex()}'"


def a_log(spark: SparkSession, *values: bytes | None) -> DataFrame:
    """What Spark's Kafka source gives, without Kafka."""
    rows = ", ".join(
        f"(X'00', {literal(value)}, 'payments', 3, {50 + number}L, {STAMP}, 0)" for number, value in enumerate(values)
    )
    columns = "(key, value, topic, partition, offset, timestamp, timestampType)"
    return spark.sql(f"SELECT * FROM VALUES {rows} AS log {columns}").coalesce(1)  # noqa: S608 - a test's own values


def test_a_worker_is_loaded_compiled_and_frozen_before_it_is_forked(spark: SparkSession) -> None:
    (worker,) = spark.range(1).coalesce(1).mapInArrow(about_this_worker, ABOUT_A_WORKER).collect()

    assert worker.frozen > 10_000
    assert not worker.archives_are_read_again
    assert list(worker.modules) == ["numba", "psycopg2", "fraudstream.scoring.worker"]
    assert worker.threads == "1"
    assert int(worker.kept) > 16_000_000


def test_a_workers_garbage_is_collected_after_each_task_and_not_in_between(spark: SparkSession) -> None:
    """The first is Spark's habit, without which the second would let memory grow."""
    (worker,) = spark.range(1).coalesce(1).mapInArrow(about_this_worker, ABOUT_A_WORKER).collect()

    assert not worker.collects_in_between
    assert "gc.collect()" in inspect.getsource(daemon.manager)


def test_what_a_task_leaves_for_good_is_not_walked_after_each_of_the_next_ones(spark: SparkSession) -> None:
    """As a loaded model is."""
    task = spark.range(1).coalesce(1).mapInArrow(leaves_much_behind, "pid long, tracked long")
    seen: set[int] = set()
    again = []
    for worker in (task.collect()[0] for _ in range(12)):
        again += [worker.tracked] if worker.pid in seen else []
        seen.add(worker.pid)

    assert again
    assert max(again) < OBJECTS_OF_A_MODEL


def test_workers_are_used_again(spark: SparkSession) -> None:
    """Which of the idle ones comes next is Spark's affair."""
    warm_up(spark, tasks=1)

    def worker() -> int:
        return int(spark.range(1).coalesce(1).mapInArrow(about_this_worker, ABOUT_A_WORKER).collect()[0].pid)

    assert len({worker() for _ in range(8)}) < 8


def test_workers_hear_java_through_unix_sockets_alone(spark: SparkSession) -> None:
    """Over TCP each task stood still for some 40 ms; an option that Spark no longer knows would be taken in silence."""
    (worker,) = spark.range(1).coalesce(1).mapInArrow(families_of_sockets, "families array<string>").collect()

    assert worker.families
    assert set(worker.families) == {"AF_UNIX"}


def test_checkpoints_are_written_without_a_process_for_each_file(spark: SparkSession, tmp_path: Path) -> None:
    """What Spark makes of the options, not what they say: another class would fork `chmod` and `ls` again."""
    java: Any = spark._jvm
    conf = spark._jsparkSession.sessionState().newHadoopConf()
    path = java.org.apache.hadoop.fs.Path(tmp_path.as_uri())
    streaming = java.org.apache.spark.sql.execution.streaming.checkpointing
    files = path.getFileSystem(conf)
    manager = streaming.CheckpointFileManager.create(path, conf)

    assert files.getClass().getName() == "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem"
    assert manager.getClass().getSimpleName() == "FileSystemBasedCheckpointFileManager"


def test_records_reach_the_worker_in_order_with_the_brokers_time(spark: SparkSession) -> None:
    log = records(a_log(spark, b"first", None, b""))
    rows = log.mapInArrow(records_in_a_worker, "offset long, log_time double, size long").collect()

    assert log.columns == ["partition", "offset", "timestamp", "value"]
    assert [(row.offset, row.size) for row in rows] == [(50, 5), (51, 0), (52, 0)]
    assert {row.log_time for row in rows} == {dt.datetime(2026, 3, 29, 2, 30, 0, 123_000, tzinfo=dt.UTC).timestamp()}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("spark.sql.session.timeZone", "UTC"),
        ("spark.sql.ansi.enabled", "true"),
        ("spark.python.unix.domain.socket.enabled", "true"),
        ("spark.speculation", "false"),
    ],
)
def test_what_must_not_be_left_to_defaults_is_set(spark: SparkSession, option: str, value: str) -> None:
    assert spark.conf.get(option) == value
