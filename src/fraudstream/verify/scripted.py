"""The payments of scripted frauds, as the producer noted them beside its journal."""

from pathlib import Path
from uuid import UUID

import msgspec

from fraudstream.errors import ConfigurationError

PATTERN = "scripted-*.json"


class _Note(msgspec.Struct, frozen=True):
    transaction_ids: tuple[UUID, ...]


def scripted_transactions(folder: Path) -> list[UUID]:
    """Ids of the payments of every scripted fraud that was played; none where there is no note.

    Raises:
        ConfigurationError: a note can't be read.
    """
    ids: list[UUID] = []
    for path in sorted(folder.glob(PATTERN)):
        try:
            ids += msgspec.json.decode(path.read_bytes(), type=_Note).transaction_ids
        except msgspec.MsgspecError as error:
            raise ConfigurationError(f"{path} is not a note of a scripted fraud: {error}") from error
    return ids
