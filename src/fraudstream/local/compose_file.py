"""What docker-compose.yml says about itself: its project, its ports and the variables it reads."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

FILE_NAME = "docker-compose.yml"
_CHECKOUT = Path(__file__).parents[3]
_NAME = re.compile(r"^name:\s*(\S+)", re.MULTILINE)
_SERVICE = re.compile(r"^  (?=[a-z][\w-]*:\s*$)", re.MULTILINE)
_SERVICE_NAME = re.compile(r"[a-z][\w-]*")
_PORT = re.compile(r"127\.0\.0\.1:\$\{([A-Z_]+_PORT):-(\d+)\}:\d+")


@dataclass(frozen=True)
class ComposeFile:
    """The facts whose one home is the compose file."""

    project: str
    """Name of the project where COMPOSE_PROJECT_NAME says nothing else."""
    ports: Mapping[str, int]
    """Default port of each variable, for the services that `docker compose up` starts."""
    optional_ports: Mapping[str, int]
    """The same for services that only run when they are asked for."""
    variables: frozenset[str]
    """Every variable the file reads from the environment or .env."""
    servers: Mapping[str, str] = field(default_factory=dict)
    """The service behind each variable of `ports`."""


def parse_compose_file(text: str) -> ComposeFile:
    """Read the text of our compose file; another one may come out empty. Never raises."""
    name = _NAME.search(text)
    ports: dict[str, int] = {}
    optional: dict[str, int] = {}
    servers: dict[str, str] = {}
    for service in _SERVICE.split(text):
        chosen = optional if re.search(r"^    profiles:", service, re.MULTILINE) else ports
        chosen |= {variable: int(port) for variable, port in _PORT.findall(service)}
        if chosen is ports and (title := _SERVICE_NAME.match(service)):
            servers |= {variable: title[0] for variable, _ in _PORT.findall(service)}
    return ComposeFile(
        project=name[1] if name else "fraudstream",
        ports=ports,
        optional_ports=optional,
        servers=servers,
        variables=frozenset(re.findall(r"\$\{([A-Z][A-Z0-9_]*)", text)),
    )


def find_checkout() -> Path | None:
    """The folder of our compose file: this package's own checkout, else the working directory or one above it."""
    try:
        here = Path.cwd()
    except OSError:
        here = _CHECKOUT
    return next((folder for folder in (_CHECKOUT, here, *here.parents) if _is_checkout(folder)), None)


def _is_checkout(folder: Path) -> bool:
    try:
        found = _NAME.search((folder / FILE_NAME).read_text(encoding="utf-8", errors="replace"))
    except OSError:
        return False
    return found is not None and found[1] == "fraudstream"
