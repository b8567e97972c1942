"""Lambda: one deployed function."""

import json
from collections.abc import Mapping

from botocore.exceptions import ClientError, ReadTimeoutError

from fraudstream.adapters.aws.calls import lambda_client, mapped
from fraudstream.adapters.aws.refusals import REFUSED, code_of, refusal
from fraudstream.adapters.error_document import read_error_document, write_error_document
from fraudstream.errors import ConfigurationError
from fraudstream.ports.delivery import FunctionAnswer

MARGIN = 15.0
"""Seconds an answer may take beyond the function's timeout: AWS gives a function that must be loaded ten more."""
ABOUT_THE_EVENT = frozenset({"RequestTooLargeException", "InvalidRequestContentException", "413"})
"""Codes that say: the function did not get this event, and never will."""
_DOCUMENT = "Document"


class LambdaInvoker:
    """`FunctionInvoker` of a deployed function, on AWS or in AWS's runtime interface emulator.

    The emulator has another way to say that a function failed: without AWS's header, with a text instead of a
    document where time ran out, with status 502 where the process ended. It does one invocation at a time and breaks
    down if there is a second.

    Args:
        function: name or ARN; the emulator knows its one function as `function`.
        timeout: seconds the function is configured to have; whoever runs it enforces that.
        margin: seconds to wait beyond that.

    Raises:
        ConfigurationError: the environment names no region.
    """

    def __init__(self, function: str, *, timeout: float, margin: float = MARGIN) -> None:
        self._function = function
        self._patience = timeout + margin
        self._client = lambda_client(self._patience)
        self._client.meta.events.register("before-parse.lambda.Invoke", _keep_what_was_said)

    def invoke(self, event: bytes) -> FunctionAnswer:
        """See `FunctionInvoker.invoke`."""
        with mapped(self._place):
            try:
                answered = self._client.invoke(FunctionName=self._function, Payload=event)
                payload = answered["Payload"].read()
            except ReadTimeoutError:
                return _failed("Sandbox.Timedout", f"no answer within {self._patience:.2f} seconds")
            except ClientError as error:
                return self._after_refusal(error)
        if trouble := answered.get("FunctionError"):
            return FunctionAnswer(payload, read_error_document(payload) or trouble)
        return _judged(payload)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    @property
    def _place(self) -> str:
        return f"function {self._function}"

    def _after_refusal(self, error: ClientError) -> FunctionAnswer:
        said = _what_was_said(error.response)
        told = read_error_document(said)
        if told is not None:
            return FunctionAnswer(said, told)
        code = code_of(error)
        if code in ABOUT_THE_EVENT:
            return _failed(code, str(error))
        if code in REFUSED:
            raise ConfigurationError(f"{self._place}: {error}. Look at ALERT_FUNCTION_NAME.") from error
        raise refusal(self._place, error) from error


def _judged(payload: bytes) -> FunctionAnswer:
    """An answer without the header: the emulator's may be an error all the same."""
    told = read_error_document(payload)
    if told is not None:
        return FunctionAnswer(payload, told)
    try:
        json.loads(payload)
    except ValueError:
        text = payload[:200].decode("utf-8", "replace")
        return _failed("Runtime.Unknown", text or "the function answered nothing")
    return FunctionAnswer(payload)


def _failed(kind: str, message: str) -> FunctionAnswer:
    return FunctionAnswer(write_error_document(kind, message), f"{kind}: {message}")


def _keep_what_was_said(
    response_dict: Mapping[str, object], customized_response_dict: dict[str, object], **_: object
) -> None:
    """Keep the body of an answer that is no success; the SDK would lose an error document."""
    if isinstance(body := response_dict["body"], bytes):
        customized_response_dict[_DOCUMENT] = body


def _what_was_said(response: Mapping[str, object]) -> bytes:
    said = response.get(_DOCUMENT)
    return said if isinstance(said, bytes) else b""
