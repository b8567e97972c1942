"""On which side an address lies: this machine's, AWS's, or neither; and whether keys look real."""

import ipaddress
import re
from enum import StrEnum


class Side(StrEnum):
    """Where an address leads."""

    LOCAL = "an emulator or a server of this machine"
    AWS = "AWS"
    OTHER = "a server elsewhere"


OURS = ("localhost", "localhost.localstack.cloud", "host.docker.internal")
AMAZON = (".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".aws.dev")
REAL_KEY = re.compile(r"(?:AKIA|ASIA)[A-Z0-9]{16}")
EXAMPLE = "EXAMPLE"
"""What the keys in AWS's own documentation end with."""
REGION = re.compile(r"\.([a-z]{2}(?:-[a-z]+)+-\d)\.")


def side_of(host: str) -> Side:
    """On which side a host lies; a name without a dot is one of a container beside us."""
    name = host.strip("[]").lower().rstrip(".")
    if name.endswith(AMAZON) or name.startswith("arn:aws"):
        return Side.AWS
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        ours = "." not in name or name in OURS or name.endswith(tuple(f".{name_of_ours}" for name_of_ours in OURS))
        return Side.LOCAL if ours else Side.OTHER
    return Side.LOCAL if address.is_loopback or address.is_unspecified else Side.OTHER


def looks_real(access_key: str) -> bool:
    """Whether an access key could be one of AWS's."""
    return REAL_KEY.fullmatch(access_key) is not None and not access_key.endswith(EXAMPLE)


def region_in(host: str) -> str | None:
    """The region that a host name of AWS's contains."""
    found = REGION.search(host.lower()) if side_of(host) is Side.AWS else None
    return found[1] if found else None
