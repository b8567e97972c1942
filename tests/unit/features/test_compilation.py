from importlib import resources

from fraudstream.features import kernel
from fraudstream.features.compilation import source_digest


def test_the_digest_covers_every_module() -> None:
    names = {entry.name for entry in resources.files("fraudstream.features").iterdir()}

    assert {"amounts.py", "state.py", "kernel.py"} <= names
    assert 0 < source_digest() < 2**63
    assert source_digest() == source_digest()


def test_the_entry_point_depends_on_the_digest() -> None:
    """Numba compares what a function closes over with what its cached version closed over."""
    closure = kernel.run.__wrapped__.__closure__ if hasattr(kernel.run, "__wrapped__") else None
    cells = closure or getattr(kernel.run, "py_func").__closure__  # noqa: B009 - added by the compiler

    assert source_digest() in [cell.cell_contents for cell in cells]
