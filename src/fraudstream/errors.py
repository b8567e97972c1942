"""One small tree of errors that tells a loop what to do: stop, quarantine, retry or fall back."""


class FraudstreamError(Exception):
    """Root of every error raised on purpose; its message names the thing, the value and the next step."""


class ConfigurationError(FraudstreamError):
    """Stop: a setting, a file or the machine is not as it must be."""


class MalformedEvent(FraudstreamError):  # noqa: N818 - the domain's word
    """Quarantine this one record and go on."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail


class TemporarilyUnavailable(FraudstreamError):  # noqa: N818 - the domain's word
    """Retry, a bounded number of times: a broker, database or endpoint did not answer."""


class Fenced(FraudstreamError):  # noqa: N818 - the domain's word
    """Stop: a newer run has taken over this log."""


class ModelUnavailable(FraudstreamError):  # noqa: N818 - the domain's word
    """Stop or keep the last good model: an artefact is missing, damaged or does not fit the catalogue."""


class ImpossibleRequest(FraudstreamError):  # noqa: N818 - the domain's word
    """Tell whoever asked: what they asked for can't be done, and asking the same again won't help."""
