"""Where Bambu's wiki explains a code: its own page where one is likely, else the page of all codes.

Only HMS entries have pages, in a section for a family of models, and by far not all of them. The sections and
parts below are those of which other projects have seen pages (infra/docs/bambu-fields.md, "Error codes"). An
AMS's page stands under its first unit and slot and tells of all of them (greghesp/ha-bambulab #280).
"""

ALL_CODES = "https://wiki.bambulab.com/en/hms/home"
_PAGE = "https://wiki.bambulab.com/en/{section}/troubleshooting/hmscode/{key}"
_SECTIONS = {
    "X1": "x1", "X1C": "x1", "X1E": "x1", "P1P": "x1", "P1S": "x1",
    "A1M": "a1-mini", "A1MINI": "a1-mini", "A1": "a1",
    "H2D": "h2", "H2DPRO": "h2", "H2S": "h2", "H2C": "h2",
}  # fmt: skip
_PARTS = {
    "x1": (
        "0300_01", "0300_02", "0300_03", "0300_04", "0300_06", "0300_0D", "0300_12", "0300_20", "0500_01",
        "0500_03", "0700_01", "0700_02", "0700_10", "0700_20", "0700_45", "0700_70", "0C00_01", "0C00_03",
    ),
    "a1-mini": ("0300_18", "0300_1A", "1200_10", "1200_20", "1200_80"),
    "a1": ("1200_10", "1200_20"),
    "h2": ("0300_09", "0700_20"),
}  # fmt: skip
_SLOT_PARTS = ("1", "2", "6", "8")


def page_of(code: str, model: str | None, *, is_known: bool) -> str:
    """The address for a code. `is_known`: whether it has words; what nobody describes has no page."""
    section = _SECTIONS.get((model or "").upper().translate(_NO_JOINTS))
    if section is None or not is_known or not code.startswith("HMS_"):
        return ALL_CODES
    key = _first_unit_and_slot(code[4:])
    return _PAGE.format(section=section, key=key) if key.startswith(_PARTS[section]) else ALL_CODES


_NO_JOINTS = str.maketrans("", "", " -_")


def _first_unit_and_slot(key: str) -> str:
    """`0701_2200_0002_0001` is explained with `0700_2000_0002_0001`; external spools stand alone."""
    family, unit, part, rest = key[:2], key[2:4], key[5:7], key[9:]
    if family not in ("07", "12", "18") or unit in ("FE", "FF"):
        return f"{key[:7]}00{rest}"
    if part[0] in _SLOT_PARTS or (family, part[0]) == ("12", "7"):
        part = f"{part[0]}0"
    return f"{family}00_{part}00{rest}"
