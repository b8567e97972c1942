"""The Spark session of the scorer, configured for small, frequent slices."""

import contextlib
import sys
from pathlib import Path
from typing import Any

from py4j.protocol import Py4JError
from pyspark.sql import SparkSession

from fraudstream.errors import ConfigurationError
from fraudstream.settings import ScoringSettings

JAVA_IS_GONE = (Py4JError, OSError)
"""What every call to Spark raises once its Java process has ended, as it does at once on a signal to our group."""
LOCAL_FILES_JAR = "hadoop-bare-naked-local-fs-*.jar"
SOURCE_JARS = (
    "spark-sql-kafka-0-10_*.jar",
    "spark-token-provider-kafka-0-10_*.jar",
    "kafka-clients-*.jar",
    "commons-pool2-*.jar",
)
WORKER_IDLE_SECONDS = 150
"""A worker that does not answer for so long (it was stopped, or hangs) is killed, and its task tried again."""

WORKER_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 << 20),
    "MALLOC_TRIM_THRESHOLD_": str(1 << 30),
}
"""What workers are started with. In bytes: freed blocks up to the first size (glibc takes no more) are kept for the
next slice, up to the second size together, instead of having the system clear the same pages again."""

STEADY = {
    "spark.app.name": "fraudstream-scorer",
    "spark.log.level": "ERROR",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.speculation": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.streaming.numRecentProgressUpdates": "10",
    "spark.sql.streaming.stopTimeout": "20s",
    "spark.sql.streaming.checkpoint.fileChecksum.enabled": "false",
    "spark.python.worker.reuse": "true",
    "spark.python.daemon.module": "fraudstream.scoring.worker_daemon",
    "spark.python.unix.domain.socket.enabled": "true",
    "spark.sql.execution.arrow.maxBytesPerBatch": "64m",
    "spark.sql.execution.pyspark.udf.faulthandler.enabled": "true",
    "spark.sql.execution.pyspark.udf.idleTimeoutSeconds": str(WORKER_IDLE_SECONDS),
    "spark.sql.execution.pyspark.udf.killOnIdleTimeout": "true",
    **{f"spark.executorEnv.{name}": value for name, value in WORKER_ENVIRONMENT.items()},
}
SMALL_JAVA = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Measured: half of Java's CPU time from start to first commit, and no loss in a drain of 200,000 payments. The second
compiler makes a trigger cheaper after minutes of steady traffic; until then its own work delays each on two cores."""
QUIET_JAVA = f"-Dlog4j2.configurationFile={Path(__file__).with_name('log4j2.properties').as_uri()}"
"""The driver's Java says nothing below an error, from its first line on."""
ON_ONE_MACHINE = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.extraJavaOptions": f"{SMALL_JAVA} {QUIET_JAVA}",
}
ON_OUR_CLUSTER = {
    "spark.driver.extraJavaOptions": f"{SMALL_JAVA} {QUIET_JAVA}",
    "spark.executor.extraJavaOptions": SMALL_JAVA,
    "spark.locality.wait": "0s",  # a slice is small: a free worker is better than a familiar one
}
SUBMITTED = "submitted"
"""A `SPARK_MASTER` that leaves master, memory and class path to whoever ran spark-submit."""
LEFT_TO_THE_SUBMITTER = ("spark.driver.memory", "spark.ui.enabled")
CHECKPOINTS_WITHOUT_FORKS = {
    "spark.hadoop.fs.file.impl": "com.globalmentor.apache.hadoop.fs.BareLocalFileSystem",
    "spark.sql.streaming.checkpointFileManagerClass": (
        "org.apache.spark.sql.execution.streaming.checkpointing.FileSystemBasedCheckpointFileManager"
    ),
}
"""Hadoop's own local file system starts `chmod` and `ls` for each checkpoint file."""


def scoring_session(settings: ScoringSettings) -> SparkSession:
    """Start Spark, or return the session that runs in this process.

    Raises:
        ConfigurationError: the folder of jars lacks one, or Java could not be started.
    """
    builder = SparkSession.builder
    if settings.spark_master != SUBMITTED:
        builder = builder.master(settings.spark_master)
    for name, value in configuration(settings).items():
        builder = builder.config(name, value)
    try:
        return builder.getOrCreate()
    except (RuntimeError, OSError) as error:
        raise ConfigurationError(f"Spark did not start ({error}); `fraudstream doctor` looks at Java") from error


def stop_session(spark: SparkSession) -> None:
    """Stop Spark; fine if it has stopped by itself."""
    with contextlib.suppress(*JAVA_IS_GONE):
        spark.stop()


def has_executors(spark: SparkSession) -> bool:
    """Whether anything is there that runs tasks; on one machine that is the driver itself."""
    context = spark.sparkContext
    if context.master.startswith("local"):
        return True
    java: Any = context._jsc  # noqa: SLF001 - PySpark has no other way to ask
    return len(java.sc().statusTracker().getExecutorInfos()) > 1  # the driver is one of them


def configuration(settings: ScoringSettings) -> dict[str, str]:
    """Every Spark option that differs from Spark's own default."""
    options = STEADY | {
        "spark.sql.execution.pyspark.python": sys.executable,
        "spark.driver.memory": settings.spark_driver_memory,
        "spark.sql.execution.arrow.maxRecordsPerBatch": str(settings.slice_rows),
    }
    if settings.spark_master == SUBMITTED:
        options = {name: value for name, value in options.items() if name not in LEFT_TO_THE_SUBMITTER}
    elif settings.spark_master.startswith("local"):
        options |= ON_ONE_MACHINE
    elif settings.spark_master.startswith("spark://"):
        options |= ON_OUR_CLUSTER | {"spark.executor.memory": settings.spark_executor_memory}
    if settings.spark_jars_dir is not None and settings.spark_master != SUBMITTED:
        options |= _jars(settings.spark_jars_dir.absolute())
        if "://" not in settings.checkpoint_dir and list(settings.spark_jars_dir.glob(LOCAL_FILES_JAR)):
            options |= CHECKPOINTS_WITHOUT_FORKS
    return options


def _jars(folder: Path) -> dict[str, str]:
    missing = [pattern for pattern in SOURCE_JARS if not list(folder.glob(pattern))]
    if missing:
        raise ConfigurationError(f"SPARK_JARS_DIR={folder} lacks {', '.join(missing)}; `make setup` fetches the jars")
    path = f"{folder}/*"
    return {"spark.driver.extraClassPath": path, "spark.executor.extraClassPath": path}
