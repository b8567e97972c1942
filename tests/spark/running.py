"""The one Spark session of a test run."""

from pyspark.sql import SparkSession

from fraudstream.local.jars import spark_jars
from fraudstream.scoring.session import scoring_session
from fraudstream.settings import ScoringSettings


def spark_settings() -> ScoringSettings:
    """What tests run Spark with."""
    return ScoringSettings(spark_jars_dir=spark_jars()[0].parent, spark_driver_memory="768m", slice_rows=500)


def running_session() -> SparkSession:
    """The session of this process, started when it is first asked for."""
    return scoring_session(spark_settings())
