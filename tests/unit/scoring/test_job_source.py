"""What Spark's Kafka source is told."""

from fraudstream.scoring.job import Log


def test_the_last_payments_before_a_lull_do_not_wait_for_what_comes_next() -> None:
    """By default a broker may hold the connection for half a second, and Spark's next question waits behind that."""
    source = Log("127.0.0.1:1", "payments", "earliest", 100).source()

    assert int(source["kafka.fetch.max.wait.ms"]) <= 50


def test_what_was_fetched_is_polled_before_spark_moves_to_the_bounds_of_the_log() -> None:
    """Kafka's 500 records a poll would have most of each fetch thrown away; by default one is a megabyte."""
    source = Log("127.0.0.1:1", "payments", "earliest", 100).source()

    assert int(source["kafka.max.poll.records"]) * 50 >= 1_000_000
