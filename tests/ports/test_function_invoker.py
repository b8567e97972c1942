"""One contract for `FunctionInvoker`: in this process, under AWS's own runtime client, and in AWS's emulator."""

import importlib.util
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.conftest import SERVICES

from fraudstream.adapters.aws.function import LambdaInvoker
from fraudstream.adapters.lambda_process import FunctionCode, RuntimeApiInvoker
from fraudstream.adapters.memory_delivery import InProcessInvoker
from fraudstream.ports.delivery import FunctionAnswer, FunctionInvoker

pytestmark = pytest.mark.ports

PATIENCE = 20.0
TIMEOUT = 3
"""Whole seconds, because the emulator counts in them."""
HANDLER = '''
"""A function that does what its event says."""

import os
import signal
import sys
import time


def handler(event, context):
    match event["do"]:
        case "echo":
            return event["value"]
        case "raise":
            raise ValueError("as you wish")
        case "context":
            return [context.function_name, context.get_remaining_time_in_millis(), len(context.aws_request_id)]
        case "environment":
            return dict(os.environ)
        case "pid":
            return os.getpid()
        case "hang":
            time.sleep(600)
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "leave":
            sys.exit(3)
        case "unspeakable":
            return object()
'''

PARENT = """
import signal, sys
from pathlib import Path
from fraudstream.adapters.lambda_process import FunctionCode, RuntimeApiInvoker

invoker = RuntimeApiInvoker(FunctionCode("handler.handler", Path(sys.argv[1]), {}, 10.0))
print(invoker.invoke(b'{"do": "pid"}').payload.decode(), flush=True)
signal.pause()
"""


Deploy = Callable[[str], FunctionInvoker]


def code(folder: Path, *, source: str = HANDLER, timeout: float = 10.0) -> FunctionCode:
    (folder / "handler.py").write_text(source, encoding="utf-8")
    return FunctionCode("handler.handler", folder, {"AWS_REGION": "eu-west-1", "MARK": "here"}, timeout)


def loaded(folder: Path) -> Any:  # noqa: ANN401 - a handler
    spec = importlib.util.spec_from_file_location("handler_of_a_test", folder / "handler.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.handler


@pytest.fixture(scope="module")
def emulated(pytestconfig: pytest.Config) -> Iterator[Callable[[str], str]]:
    """Makes URLs of emulators that run a source, one for each; they start where there is a Docker engine."""
    chosen = pytestconfig.stash[SERVICES]
    if chosen.kind != "containers":
        pytest.skip(f"AWS's emulator comes in a container; servers: {chosen.kind}, because {chosen.reason}")
    from tests.servers.function_container import FunctionContainer  # noqa: PLC0415 - only where it is used

    running: dict[str, FunctionContainer] = {}
    with ExitStack() as started:

        def address(source: str) -> str:
            if source not in running:
                container = FunctionContainer(
                    source, timeout=TIMEOUT, environment={"AWS_LAMBDA_FUNCTION_NAME": "fraud-alert"}
                )
                running[source] = started.enter_context(container)
            return str(running[source].address)

        yield address


@pytest.fixture(params=["in-process", "runtime-api", "emulator"])
def deploy(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deploy]:
    """Deploys a source in the world of this test."""
    with ExitStack() as deployed:

        def in_this_world(source: str) -> FunctionInvoker:
            made: FunctionInvoker
            if request.param == "in-process":
                code(tmp_path, source=source)
                made = InProcessInvoker(loaded(tmp_path))
            elif request.param == "runtime-api":
                made = RuntimeApiInvoker(code(tmp_path, source=source, timeout=TIMEOUT))
            else:
                monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", request.getfixturevalue("emulated")(source))
                for name in ("AWS_DEFAULT_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
                    monkeypatch.setenv(name, "anything")
                made = LambdaInvoker("function", timeout=TIMEOUT)
            return deployed.enter_context(closing(made))

        yield in_this_world


@pytest.fixture
def invoker(deploy: Deploy) -> FunctionInvoker:
    return deploy(HANDLER)


protected = pytest.mark.parametrize("deploy", ["runtime-api", "emulator"], indirect=True)
"""In this process nothing protects from a function that hangs, dies or cannot be loaded."""


@pytest.fixture
def runtime(tmp_path: Path) -> Iterator[RuntimeApiInvoker]:
    with closing(RuntimeApiInvoker(code(tmp_path, timeout=1.0))) as made:
        yield made


def invoke(invoker: FunctionInvoker, do: str, value: object = None) -> FunctionAnswer:
    return invoker.invoke(json.dumps({"do": do, "value": value}).encode())


def told(document: bytes) -> str:
    """An error document as one line."""
    decoded = json.loads(document)
    return f"{decoded['errorType']}: {decoded['errorMessage']}"


def result(answer: FunctionAnswer) -> Any:  # noqa: ANN401 - JSON
    assert answer.error is None
    return json.loads(answer.payload)


@pytest.mark.parametrize("value", [None, {"batchItemFailures": []}, "ü", [1.5, -2], {"nested": {"deep": True}}])
def test_the_answer_is_what_the_function_returned(invoker: FunctionInvoker, value: object) -> None:
    assert result(invoke(invoker, "echo", value)) == value


def test_one_invocation_follows_the_other(invoker: FunctionInvoker) -> None:
    assert [result(invoke(invoker, "echo", n)) for n in range(20)] == list(range(20))


def test_an_exception_is_an_answer_with_type_and_message(invoker: FunctionInvoker) -> None:
    answer = invoke(invoker, "raise")

    assert answer.error == "ValueError: as you wish" == told(answer.payload)


def test_after_an_exception_the_function_goes_on(invoker: FunctionInvoker) -> None:
    invoke(invoker, "raise")

    assert result(invoke(invoker, "echo", 1)) == 1


def test_an_answer_that_is_not_json_is_an_error(invoker: FunctionInvoker) -> None:
    assert invoke(invoker, "unspeakable").error is not None


def test_the_function_knows_its_name_and_the_time_it_has(invoker: FunctionInvoker) -> None:
    name, remaining, id_length = result(invoke(invoker, "context"))

    assert (name, id_length) == ("fraud-alert", 36)
    assert 0 < remaining <= 30_000


def test_a_large_event_arrives_whole(invoker: FunctionInvoker) -> None:
    text = "x" * 5_000_000

    assert result(invoke(invoker, "echo", text)) == text


def test_the_environment_is_lambdas_and_nothing_of_ours(runtime: RuntimeApiInvoker) -> None:
    seen = result(invoke(runtime, "environment"))

    assert seen["MARK"] == "here"
    assert seen["AWS_LAMBDA_FUNCTION_NAME"] == "fraud-alert"
    assert seen["AWS_EXECUTION_ENV"] == f"AWS_Lambda_python{sys.version_info.major}.{sys.version_info.minor}"
    assert {"PATH", "PYTEST_CURRENT_TEST", "VIRTUAL_ENV"}.isdisjoint(seen)


@protected
def test_a_function_that_takes_too_long_is_an_answer_and_is_replaced(invoker: FunctionInvoker) -> None:
    before = result(invoke(invoker, "pid"))

    answer = invoke(invoker, "hang")

    assert answer.error is not None
    assert "Task timed out after 3.00 seconds" in answer.error
    assert answer.error == told(answer.payload)
    assert result(invoke(invoker, "pid")) != before


@protected
@pytest.mark.parametrize(("how", "why"), [("die", r"signal( 9|: killed)"), ("leave", "exit status 3")])
def test_a_function_that_dies_is_an_answer_and_is_replaced(invoker: FunctionInvoker, how: str, why: str) -> None:
    answer = invoke(invoker, how)

    assert answer.error is not None
    assert re.fullmatch(f"Runtime.ExitError: .*Runtime exited with .*{why}", answer.error)
    assert answer.error == told(answer.payload)
    assert result(invoke(invoker, "echo", 1)) == 1


@protected
def test_a_function_that_cannot_be_loaded_says_why_each_time(deploy: Deploy) -> None:
    invoker = deploy("import no_such_library\n")
    for _ in range(2):
        answer = invoke(invoker, "echo")
        assert answer.error is not None
        assert "No module named 'no_such_library'" in answer.error


def test_a_function_that_takes_too_long_is_killed(runtime: RuntimeApiInvoker) -> None:
    before = result(invoke(runtime, "pid"))

    invoke(runtime, "hang")

    assert not psutil.pid_exists(before)


def test_a_function_that_died_between_two_events_is_replaced_unseen(runtime: RuntimeApiInvoker) -> None:
    pid = result(invoke(runtime, "pid"))
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while runtime.pid is not None:
        assert time.monotonic() < deadline

    assert result(invoke(runtime, "pid")) != pid


def test_starting_early_makes_the_first_event_find_it_loaded(runtime: RuntimeApiInvoker) -> None:
    runtime.start()
    started = runtime.pid

    assert result(invoke(runtime, "pid")) == started


def test_closing_ends_the_process(runtime: RuntimeApiInvoker) -> None:
    pid = result(invoke(runtime, "pid"))

    runtime.close()

    assert not psutil.pid_exists(pid)
    assert runtime.pid is None


def test_the_process_does_not_outlive_its_parent(tmp_path: Path) -> None:
    """The trigger may be killed; the function must not run on without it."""
    code(tmp_path)
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path)], stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        parent.kill()

    deadline = time.monotonic() + PATIENCE
    while psutil.pid_exists(pid):
        assert time.monotonic() < deadline, "the function outlived the trigger"
