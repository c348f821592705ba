"""Access control lists as the command setfacl makes them."""

import os
import struct
from pathlib import Path
from typing import Literal

import pytest

_NO_ID = 0xFFFFFFFF
_OWNER, _USER, _GROUP, _MASK, _OTHERS = 0x01, 0x02, 0x04, 0x10, 0x20
NOBODY = 65534


def give_right(folder: Path, kind: Literal["access", "default"], others: int = 0) -> None:
    """What setfacl gives for u:nobody:rX (d:u:nobody:rX). Skips where the disk knows no such lists."""
    entries = [(_OWNER, 7), (_USER, 5), (_GROUP, 0), (_MASK, 5), (_OTHERS, others)]
    data = struct.pack("<I", 2)
    for tag, rights in entries:
        data += struct.pack("<HHI", tag, rights, NOBODY if tag == _USER else _NO_ID)
    try:
        os.setxattr(folder, f"system.posix_acl_{kind}", data)
    except OSError as error:
        pytest.skip(f"no access control lists here: {error}")
