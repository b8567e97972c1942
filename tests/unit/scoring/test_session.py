"""Spark's options follow from the settings."""

import re
from pathlib import Path

import pytest

from fraudstream.errors import ConfigurationError
from fraudstream.scoring.session import configuration
from fraudstream.settings import ScoringSettings

JARS = (
    "spark-sql-kafka-0-10_2.13-4.1.1.jar",
    "spark-token-provider-kafka-0-10_2.13-4.1.1.jar",
    "kafka-clients-3.9.1.jar",
    "commons-pool2-2.12.1.jar",
)
LOCAL_FILES = "hadoop-bare-naked-local-fs-0.1.0.jar"


def folder(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).touch()
    return path


def test_jars_are_taken_from_their_folder(tmp_path: Path) -> None:
    options = configuration(ScoringSettings(spark_jars_dir=folder(tmp_path, *JARS, LOCAL_FILES)))

    assert options["spark.driver.extraClassPath"] == options["spark.executor.extraClassPath"] == f"{tmp_path}/*"
    assert "BareLocalFileSystem" in options["spark.hadoop.fs.file.impl"]


def test_a_missing_jar_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"lacks kafka-clients-\*.jar"):
        configuration(ScoringSettings(spark_jars_dir=folder(tmp_path, *JARS[:2], JARS[3])))


def test_checkpoints_elsewhere_keep_their_own_file_system(tmp_path: Path) -> None:
    settings = ScoringSettings(
        spark_jars_dir=folder(tmp_path, *JARS, LOCAL_FILES), checkpoint_dir="s3a://bucket/checkpoints"
    )

    assert "spark.hadoop.fs.file.impl" not in configuration(settings)


def test_without_a_folder_spark_brings_its_own_jars() -> None:
    assert "spark.driver.extraClassPath" not in configuration(ScoringSettings())


def test_only_a_master_on_this_machine_is_bound_to_loopback() -> None:
    assert configuration(ScoringSettings())["spark.driver.bindAddress"] == "127.0.0.1"
    assert "spark.driver.bindAddress" not in configuration(ScoringSettings(spark_master="spark://elsewhere:7077"))


def test_executors_of_a_standalone_cluster_get_their_heap_and_no_one_elses_do() -> None:
    ours = configuration(ScoringSettings(spark_master="spark://elsewhere:7077", spark_executor_memory="700m"))

    assert ours["spark.executor.memory"] == "700m"
    assert "spark.executor.memory" not in configuration(ScoringSettings(spark_master="yarn"))


@pytest.mark.parametrize("master", ["local[2,4]", "spark://elsewhere:7077"])
def test_the_drivers_java_is_quiet_from_its_first_line_on(master: str) -> None:
    options = configuration(ScoringSettings(spark_master=master))["spark.driver.extraJavaOptions"]
    (address,) = re.findall(r"-Dlog4j2\.configurationFile=file://(\S+)", options)

    assert "rootLogger.level = error" in Path(address).read_text(encoding="utf-8")
    assert configuration(ScoringSettings(spark_master=master))["spark.log.level"] == "ERROR"
