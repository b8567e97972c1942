"""Whether an image or a cluster has everything the scorer needs: it is imported, compiled and run once, and told."""

import importlib
import platform
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

MODULES = (
    *(
        "numpy",
        "numba",
        "pyarrow",
        "pandas",
        "psycopg2",
        "sqlalchemy",
        "confluent_kafka",
        "msgspec",
        "pydantic_settings",
    ),
    *("structlog", "stamina", "prometheus_client", "boto3", "py4j", "pyspark"),
    *("fraudstream.scoring.main", "fraudstream.scoring.worker_daemon"),
)
SOURCE = "org.apache.spark.sql.kafka010.KafkaSourceProvider"
CLIENT = "org.apache.kafka.clients.consumer.KafkaConsumer"
TOKENS = "org.apache.spark.kafka010.KafkaTokenUtil"
POOL = "org.apache.commons.pool2.impl.GenericKeyedObjectPool"
CLOUD = "org.apache.spark.internal.io.cloud.AbortableStreamBasedCheckpointFileManager"
CLASSES = {
    SOURCE: "spark-sql-kafka-0-10_2.13 of Spark's own version",
    TOKENS: "spark-token-provider-kafka-0-10_2.13 of Spark's own version",
    CLIENT: "kafka-clients",
    POOL: "commons-pool2",
}
IN_A_BUCKET = {
    CLOUD: "spark-hadoop-cloud_2.13 of Spark's own version",
    "org.apache.hadoop.fs.s3a.S3AFileSystem": "hadoop-aws of Spark's own Hadoop",
    "software.amazon.awssdk.services.s3.S3Client": "s3 of the AWS SDK, version 2",
}
BY_IAM = {
    "software.amazon.msk.auth.iam.IAMLoginModule": "aws-msk-iam-auth",
    "software.amazon.awssdk.services.sts.StsClient": "sts of the AWS SDK, version 2",
}


@dataclass(frozen=True)
class Check:
    """One thing that was looked at; `problem` says what to do, and is empty where it is there."""

    name: str
    found: str
    problem: str = ""

    def __str__(self) -> str:
        """As a person reads it."""
        return f"{'missing' if self.problem else 'ok     '} {self.name}: {self.problem or self.found}"


def preflight(*, in_a_bucket: bool, by_iam: bool) -> list[Check]:
    """Look at everything; starts Spark, or takes the session that is there, and ends it.

    Args:
        in_a_bucket: whether checkpoints go to an object store, which takes some jars more.
        by_iam: whether the scorer signs in to MSK by IAM, which takes others.
    """
    checks = [Check("Python", f"{platform.python_version()} on {platform.machine()}"), *map(_module, MODULES)]
    if any(check.problem for check in checks):
        return checks
    wanted = CLASSES | (IN_A_BUCKET if in_a_bucket else {}) | (BY_IAM if by_iam else {})
    return [*checks, _attempted("the compiled kernel", _compile), *_in_spark(wanted)]


def _module(name: str) -> Check:
    def load() -> str:
        module = importlib.import_module(name)
        return str(getattr(module, "__version__", "there"))

    return _attempted(name, load)


def _compile() -> str:
    from fraudstream.scoring.warm_up import compile_everything  # noqa: PLC0415 - heavy, and what is examined

    compile_everything()
    return "compiled"


def _in_spark(wanted: Mapping[str, str]) -> Iterator[Check]:
    from fraudstream.scoring.job import warm_up  # noqa: PLC0415 - heavy, and what is examined
    from fraudstream.scoring.session import scoring_session, stop_session  # noqa: PLC0415 - same
    from fraudstream.settings import ScoringSettings  # noqa: PLC0415 - same

    def run_worker() -> str:
        warm_up(spark, tasks=1)
        return "runs"

    try:
        spark = scoring_session(ScoringSettings.load())
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        yield Check("Spark", "", f"it does not start: {error}")
        return
    try:
        yield Check("Spark", f"{spark.version}, master {spark.sparkContext.master}")
        for name, jar in wanted.items():
            yield _java_class(spark, name, jar)
        yield _attempted("a Python worker", run_worker)
    finally:
        stop_session(spark)


def _java_class(spark: "object", name: str, jar: str) -> Check:
    loader = spark._jvm.java.lang.Thread.currentThread().getContextClassLoader()  # type: ignore[attr-defined]  # noqa: SLF001 - PySpark has no other way
    try:
        loader.loadClass(name)
    except Exception:  # noqa: BLE001 - Java's, through a bridge
        return Check(name, "", f"the jar {jar} is not on the class path")
    return Check(name, "there")


def _attempted(name: str, attempt: Callable[[], str]) -> Check:
    try:
        return Check(name, attempt())
    except Exception as error:  # noqa: BLE001 - whatever it is, it is told
        return Check(name, "", f"{type(error).__name__}: {error}; {sys.executable} looks in {len(sys.path)} folders")
