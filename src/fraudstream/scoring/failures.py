"""Why a stream failed, in one sentence, out of what Spark says about it."""

import re

from fraudstream import errors
from fraudstream.errors import ConfigurationError, FraudstreamError

RAISED_BY_US = re.compile(r"fraudstream\.errors\.(\w+): (.+)")
OTHER_PYTHON = re.compile(r"worker has different version: ([\d.]+) than that in driver: ([\d.]+)")
NO_PYTHON = re.compile(r'Cannot run program "([^"]*python[^"]*)"')
RAISED_BY_SPARK = re.compile(r"^(?:Caused by: |\[STREAM_FAILED\].*?: )?([\w.$]*(?:Exception|Error): .+)$", re.MULTILINE)
LONGEST = 500
"""Characters of a message that are worth reading."""


def failure_of(message: str) -> FraudstreamError:
    """The error that a failed stream's message tells of: ours with its own class, or Spark's own words."""
    ours = RAISED_BY_US.findall(message)
    if ours:
        name, sentence = ours[-1]
        kind = getattr(errors, name, FraudstreamError)
        if kind in FraudstreamError.__subclasses__() and kind is not errors.MalformedEvent:
            return kind(sentence.strip()[:LONGEST])
    if python := OTHER_PYTHON.search(message):
        return ConfigurationError(
            f"Spark's workers run Python {python[1]} and its driver {python[2].rstrip('.')}: give both the same minor "
            "version, best by running them from one image"
        )
    if program := NO_PYTHON.search(message):
        return ConfigurationError(
            f"Spark's workers have no {program[1]}: driver and workers need the same Python at the same place, best by "
            "running them from one image"
        )
    spark = RAISED_BY_SPARK.findall(message)
    return FraudstreamError(f"the stream failed: {(spark[-1] if spark else message.strip())[:LONGEST]}")
