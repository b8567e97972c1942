"""A failed stream is explained by the last thing that matters in what Spark prints."""

from fraudstream.errors import ConfigurationError, Fenced, FraudstreamError, ModelUnavailable
from fraudstream.scoring.failures import failure_of

FENCED = """[STREAM_FAILED] Query [id = 1] terminated with exception: Job aborted due to stage failure:
  File "/x/slice_store.py", line 171, in _take_position
    raise Fenced(f"...")
fraudstream.errors.Fenced: payments/0 belongs to a newer run than 1, which stops here
\tat org.apache.spark.api.python.BasePythonRunner
Driver stacktrace: SQLSTATE: XXKST"""
DATA_LOSS = """[STREAM_FAILED] Query [id = 1] terminated with exception: Partition payments-0's offset was changed
Caused by: java.lang.IllegalStateException: Partition payments-0's offset was changed from 5 to 3
\tat org.apache.spark.sql.kafka010"""


def test_an_error_of_ours_keeps_its_class_and_sentence() -> None:
    error = failure_of(FENCED)

    assert type(error) is Fenced
    assert str(error) == "payments/0 belongs to a newer run than 1, which stops here"


def test_the_last_of_several_counts() -> None:
    both = FENCED + "\nfraudstream.errors.ModelUnavailable: no model is deployed\n"

    assert type(failure_of(both)) is ModelUnavailable


def test_an_error_of_sparks_is_told_in_its_own_words() -> None:
    error = failure_of(DATA_LOSS)

    assert type(error) is FraudstreamError
    assert str(error).endswith("IllegalStateException: Partition payments-0's offset was changed from 5 to 3")


def test_anything_else_is_told_as_it_is_up_to_a_bound() -> None:
    assert str(failure_of("no idea " * 200)).startswith("the stream failed: no idea no idea")
    assert len(str(failure_of("no idea " * 200))) < 600


def test_workers_of_another_python_are_named_with_the_next_step() -> None:
    failure = failure_of(
        "pyspark.errors.exceptions.base.PySparkRuntimeError: [PYTHON_VERSION_MISMATCH] Python in worker has different "
        "version: 3.12 than that in driver: 3.13, PySpark cannot run with different minor versions."
    )

    assert isinstance(failure, ConfigurationError)
    assert str(failure).startswith("Spark's workers run Python 3.12 and its driver 3.13: give both the same")


def test_workers_without_the_drivers_python_are_a_matter_of_configuration() -> None:
    failure = failure_of('Caused by: java.io.IOException: Cannot run program "/opt/other/bin/python": error=2')

    assert isinstance(failure, ConfigurationError)
    assert "/opt/other/bin/python" in str(failure)
