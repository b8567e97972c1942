"""What a setting that is a number may be, in words."""

from pydantic.fields import FieldInfo


def number_in(least: float | None, greatest: float | None, *, whole: bool) -> str:
    """Words like "takes a whole number from 1 to 9"; bounds are allowed themselves."""
    kind = "takes a whole number" if whole else "takes a number"
    bounds = [f"from {least}" if least is not None else "", f"to {greatest}" if greatest is not None else ""]
    return " ".join([kind, *filter(None, bounds)])


def allowed(field: FieldInfo) -> str:
    """What a whole number of a settings group may be; empty for a setting that is something else."""
    if field.annotation not in (int, int | None):
        return ""
    bounds = {side: getattr(mark, side) for mark in field.metadata for side in ("ge", "le") if hasattr(mark, side)}
    return number_in(bounds.get("ge"), bounds.get("le"), whole=True)
