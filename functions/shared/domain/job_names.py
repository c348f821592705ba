"""Names of print jobs: whether two can be those of one file.

A job is named after its file, its plate, or the slicer's profile, and firmware changes from one to the other
in mid-print (infra/docs/bambu-fields.md, "Which job").
"""

import re

_PLATE = re.compile(r"^(?P<file>.*?)[\s_(-]*plate[\s_-]*(?P<number>\d+)\)?$", re.IGNORECASE | re.DOTALL)
# A layer height, always below one millimetre, begins the name of every profile: "0.2mm layer, 2 walls, 15%
# infill", "0.20mm Standard @BBL A1M".
_PROFILE = re.compile(r"^0[.,]\d+\s*mm\b", re.IGNORECASE)
_ENDINGS = (".3mf", ".gcode")


def are_different_files(name: str | None, other: str | None) -> bool:
    """Whether both names are known, differ, and neither can stand for the other."""
    if name is None or other is None:
        return False
    first, second = _bare(name), _bare(other)
    if first == second or _PROFILE.match(first) or _PROFILE.match(second):
        return False
    (file, plate), (other_file, other_plate) = _parted(first), _parted(second)
    if plate is not None and other_plate is not None and plate != other_plate:
        return True
    if (plate is not None and not file) or (other_plate is not None and not other_file):
        return False  # a plate of any file
    return file != other_file or (plate is not None and other_plate is not None)


def _bare(name: str) -> str:
    """Without letter case and endings."""
    bare = name.strip().casefold()
    for ending in _ENDINGS:
        bare = bare.removesuffix(ending)
    return bare


def _parted(name: str) -> tuple[str, int | None]:
    """The file and the number of its plate, if the name has one."""
    match = _PLATE.match(name)
    return (match["file"], int(match["number"][:9])) if match else (name, None)
