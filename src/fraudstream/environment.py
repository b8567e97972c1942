"""What every group of settings is: read from the environment, frozen, refused in one sentence."""

import datetime as dt
from typing import Annotated, Self

from pydantic import BeforeValidator, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from fraudstream.bounds import allowed
from fraudstream.errors import ConfigurationError

CONTRADICTION = "Value error, "
"""What pydantic puts before the sentence of a rule about several settings."""
NEXT_STEP = (
    ".env.example explains each variable. While `make demo` runs, `. .local/endpoints.env` sets those of its servers."
)


def _seconds(value: object) -> object:
    return float(value) if isinstance(value, str) and value.replace(".", "", 1).isdigit() else value


Duration = Annotated[dt.timedelta, BeforeValidator(_seconds)]
"""A time span: seconds (`10`), a clock (`00:00:10`) or ISO 8601 (`PT10S`, `P4D`)."""


class Group(BaseSettings):
    """One frozen group of settings."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_ignore_empty=True)

    @classmethod
    def load(cls) -> Self:
        """Read this group from the environment.

        Raises:
            ConfigurationError: a variable is missing or impossible; the message names it and `.env.example`.
        """
        try:
            return cls()
        except ValidationError as error:
            raise ConfigurationError(_sentence(cls, error)) from error


def _sentence(group: type[Group], error: ValidationError) -> str:
    parts = []
    for problem in error.errors():
        name = str(problem["loc"][0]).upper() if problem["loc"] else ""
        if not name:
            parts.append(problem["msg"].removeprefix(CONTRADICTION))
        elif problem["type"] == "missing":
            parts.append(f"{name} is not set")
        else:
            field = group.model_fields.get(name.lower())
            parts.append(f"{name} is impossible: {(field and allowed(field)) or problem['msg']}")
    return f"{'; '.join(parts)}. {NEXT_STEP}"
