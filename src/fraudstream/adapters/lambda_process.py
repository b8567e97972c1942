"""Runs a Lambda function on this machine: AWS's own runtime client in a process, fed through the Runtime API.

Each process has an API of its own, so that nothing of a process that was killed can take an event meant for the next.
"""

import queue
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fraudstream.adapters.error_document import read_error_document, write_error_document
from fraudstream.adapters.runtime_api import Event, Happened, RuntimeApi
from fraudstream.ports.delivery import FunctionAnswer

INIT_TIMEOUT = 10.0
"""Seconds a function may take to load, as on AWS."""
STOP_TIMEOUT = 2.0
"""Seconds a function process has to end before it is killed."""
STANDARD_ERROR = 2


@dataclass(frozen=True)
class FunctionCode:
    """A function as it is deployed.

    `handler` is `module.function`, found in the folder `task_root`; `environment` is everything the process sees
    besides Lambda's own variables; `timeout` in seconds.
    """

    handler: str
    task_root: Path
    environment: Mapping[str, str]
    timeout: float
    name: str = "fraud-alert"

    @property
    def arn(self) -> str:
        """An ARN in the form of AWS; the account is nobody's."""
        return f"arn:aws:lambda:{self.environment.get('AWS_REGION', 'us-east-1')}:000000000000:function:{self.name}"

    def process_environment(self, api_address: str) -> dict[str, str]:
        """The whole environment of the function's process."""
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        return {
            **self.environment,
            "PYTHONPATH": str(self.task_root),
            "LAMBDA_TASK_ROOT": str(self.task_root),
            "AWS_LAMBDA_RUNTIME_API": api_address,
            "_HANDLER": self.handler,
            "AWS_LAMBDA_FUNCTION_NAME": self.name,
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{python}",
            "TZ": ":UTC",
            "LANG": "en_US.UTF-8",
        }


class _Session:
    """One function process and its API."""

    def __init__(self, code: FunctionCode) -> None:
        self._api = RuntimeApi(code.arn)
        threading.Thread(target=self._api.serve_forever, args=(0.1,), daemon=True).start()
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "awslambdaric", code.handler],
            env=code.process_environment(self._api.address),
            cwd=code.task_root,
            stdin=subprocess.DEVNULL,
            stdout=STANDARD_ERROR,
            start_new_session=True,  # a Ctrl-C is ours to handle: what is in flight ends in order
        )
        threading.Thread(target=self._watch, daemon=True).start()
        self._ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    def is_running(self) -> bool:
        return self._process.poll() is None

    def _watch(self) -> None:
        status = self._process.wait()
        how = f"signal {-status}" if status < 0 else f"exit status {status}"
        self._api.happened.put(_ended("Runtime.ExitError", f"Runtime exited with {how}"))

    def wait_until_ready(self) -> Happened | None:
        """Wait until the function is loaded; returns what went wrong, if anything did."""
        deadline = time.monotonic() + INIT_TIMEOUT
        while not self._ready:
            happened = self._next(deadline)
            if happened is None:
                return _ended("Sandbox.Timedout", f"Init timed out after {INIT_TIMEOUT:.2f} seconds")
            if happened.kind != "asked":
                return happened
            self._ready = True
        return None

    def exchange(self, payload: bytes, timeout: float) -> Happened:
        """Hand one event over and wait for what becomes of it."""
        request_id = str(uuid.uuid4())
        deadline = time.monotonic() + timeout
        self._api.events.put(Event(request_id, payload, int((time.time() + timeout) * 1_000)))
        while (happened := self._next(deadline)) is not None:
            if happened.kind == "ended" or happened.request_id == request_id:
                return happened
        message = f"{request_id} Task timed out after {timeout:.2f} seconds"
        return _ended("Sandbox.Timedout", message)

    def _next(self, deadline: float) -> Happened | None:
        try:
            return self._api.happened.get(timeout=max(deadline - time.monotonic(), 0))
        except queue.Empty:
            return None

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._api.close()


class RuntimeApiInvoker:
    """`FunctionInvoker` that runs the function under `awslambdaric`; a process that fails is replaced."""

    def __init__(self, code: FunctionCode) -> None:
        self._code = code
        self._session: _Session | None = None

    @property
    def pid(self) -> int | None:
        """Process id of the function, if it runs."""
        return self._session.pid if self._session is not None and self._session.is_running() else None

    def start(self) -> None:
        """Load the function now, so that the first event finds it warm; returns without waiting."""
        if self._session is None or not self._session.is_running():
            self.close()
            self._session = _Session(self._code)

    def invoke(self, event: bytes) -> FunctionAnswer:
        """See `FunctionInvoker.invoke`."""
        self.start()
        session = self._session
        if session is None:
            raise AssertionError("start leaves a session")
        happened = session.wait_until_ready() or session.exchange(event, self._code.timeout)
        if happened.kind in {"ended", "init"}:
            self.close()
        if happened.kind == "response":
            return FunctionAnswer(happened.payload)
        return FunctionAnswer(happened.payload, _told(happened.payload))

    def close(self) -> None:
        """End the function's process."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _ended(kind: str, message: str) -> Happened:
    return Happened("ended", write_error_document(kind, message))


def _told(document: bytes) -> str:
    return read_error_document(document) or document[:200].decode("utf-8", "replace")
