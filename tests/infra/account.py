"""An AWS account in an emulator of its own, in which policies count."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import boto3
import stamina
from tests.infra.templates import ACCOUNT, REGION

SERVER = Path(__file__).with_name("enforcing_server.py")
TRUST = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}]}
EVERYTHING = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}


class Account:
    """The account; until `enforce` is called everybody may do everything."""

    def __init__(self, endpoint: str) -> None:
        self.endpoint = endpoint
        self._keys = {"AWS_ACCESS_KEY_ID": "setup", "AWS_SECRET_ACCESS_KEY": "setup"}
        self._sdk: Any = boto3.Session()
        self._sessions: dict[str, dict[str, str]] = {}

    def client(self, service: str, environment: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - any service
        """A client of the administrator, or of whoever has the keys in this environment."""
        keys = environment or self._keys
        return self._sdk.client(
            service,
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=keys.get("AWS_SESSION_TOKEN"),
        )

    def enforce(self) -> None:
        """From now on only what a policy allows is done; the administrator's allows everything."""
        iam = self.client("iam")
        iam.create_user(UserName="administrator")
        iam.put_user_policy(UserName="administrator", PolicyName="all", PolicyDocument=json.dumps(EVERYTHING))
        made = iam.create_access_key(UserName="administrator")["AccessKey"]
        self._keys = {"AWS_ACCESS_KEY_ID": made["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"]}
        self._count_calls_as_free("0")

    def stop_enforcing(self) -> None:
        """From now on everybody may do everything again."""
        self._count_calls_as_free("inf")

    def _count_calls_as_free(self, count: str) -> None:
        request = urllib.request.Request(  # noqa: S310 - the emulator's own address
            f"{self.endpoint}/moto-api/reset-auth", data=count.encode(), headers={"Content-Type": "text/plain"}
        )
        urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - same

    def environment(self, role: str) -> dict[str, str]:
        """The variables of a process that runs as this role; asked for first before policies count, or moto trips."""
        if role not in self._sessions:
            arn = f"arn:aws:iam::{ACCOUNT}:role/{role}"
            given = self.client("sts").assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
            self._sessions[role] = {
                "AWS_ENDPOINT_URL": self.endpoint,
                "AWS_REGION": REGION,
                "AWS_DEFAULT_REGION": REGION,
                "AWS_ACCESS_KEY_ID": given["AccessKeyId"],
                "AWS_SECRET_ACCESS_KEY": given["SecretAccessKey"],
                "AWS_SESSION_TOKEN": given["SessionToken"],
            }
        return self._sessions[role]

    def create_role(self, name: str, statements: Sequence[Mapping[str, Any]]) -> None:
        """A role with these statements, which anybody may take."""
        iam = self.client("iam")
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))
        document = {"Version": "2012-10-17", "Statement": list(statements)}
        iam.put_role_policy(RoleName=name, PolicyName="granted", PolicyDocument=json.dumps(document))


@contextmanager
def an_account() -> Iterator[Account]:
    """An empty account; it ends with the block."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-P", str(SERVER), "-H", "127.0.0.1", "-p", str(port)]
    quiet = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    process = subprocess.Popen(command, env=quiet, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait_until_it_answers(port)
        yield Account(f"http://127.0.0.1:{port}")
    finally:
        with suppress(ProcessLookupError):
            process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)


@stamina.retry(on=OSError, attempts=None, timeout=60, wait_initial=0.1, wait_max=0.5, wait_jitter=0.0)
def _wait_until_it_answers(port: int) -> None:
    socket.create_connection(("127.0.0.1", port), 1).close()
