"""What the camera sees, as a value: everything a picture is drawn from."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scene:
    """`number` counts the printer's pictures from 1. `built` (0..1) is how much of the object stands on the
    bed, `tangle` (0..1) how much spaghetti lies around it. `subject` chooses shape and colour.
    """

    number: int
    seconds: float = 0.0
    subject: str = ""
    built: float = 0.0
    tangle: float = 0.0
    is_printing: bool = False
    lines: tuple[str, ...] = ()
