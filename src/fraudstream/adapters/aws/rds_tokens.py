"""Tokens that stand for the password of an RDS database, signed here with the credentials of this process."""

import functools
from typing import Any

import boto3

from fraudstream.adapters.aws.calls import mapped
from fraudstream.errors import ConfigurationError


def database_token(host: str, port: int, user: str) -> str:
    """A token for one login; the server looks at it then, and it lasts a quarter of an hour.

    Args:
        host: the database's own endpoint, as its certificate names it.
        port: where it listens.
        user: the database role.

    Raises:
        ConfigurationError: no region or no credentials.
        TemporarilyUnavailable: whoever hands out the credentials did not answer.
    """
    with mapped(f"signing a token for {user} at {host}:{port} (rds-db:connect)"):
        return str(_signer().generate_db_auth_token(DBHostname=host, Port=port, DBUsername=user))


@functools.cache
def _signer() -> Any:  # noqa: ANN401 - of a service that nothing else here uses, so its stubs are not installed
    try:
        return boto3.Session().client("rds")
    except ValueError as error:
        raise ConfigurationError(f"RDS: {error}. Look at AWS_DEFAULT_REGION and AWS_ENDPOINT_URL.") from error
