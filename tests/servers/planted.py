"""Models that attack whoever loads them: each would leave a marker file."""

import io
import pickle
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fraudstream.models.archive import write_arrays

HARMLESS = write_arrays({"golden_scores": np.zeros(1)})


@dataclass(frozen=True)
class Attack:
    """Touches the marker when it is unpickled."""

    marker: Path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        """What a pickle of it runs."""
        return Path.touch, (self.marker,)


def planted(marker: Path) -> Mapping[str, bytes]:
    """Files by the way they attack; unpickling, or unpacking with the names inside, makes `marker`."""
    attack = Attack(marker)
    return {
        "pickle": pickle.dumps(attack),
        "object array": _npy(np.array([attack], dtype=object)),
        "archive of object arrays": _archive({"header.npy": _npy(np.array([attack], dtype=object))}),
        "pickle in an archive": _archive({"header.npy": pickle.dumps(attack)}),
        "path traversal": _archive({f"../../../../../../../..{marker}": HARMLESS}),
        "absolute path": _archive({str(marker): HARMLESS}),
        "header that is a name": _archive({f"{marker}.npy": _npy(np.zeros(1)), "header.npy": _npy(np.zeros(1))}),
    }


def _npy(array: "np.ndarray[tuple[int, ...], np.dtype[np.generic]]") -> bytes:
    sink = io.BytesIO()
    np.save(sink, array, allow_pickle=True)
    return sink.getvalue()


def _archive(members: Mapping[str, bytes]) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return sink.getvalue()
