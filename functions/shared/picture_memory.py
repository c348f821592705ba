"""How much memory pictures may take, over all printers, and where. Pure.

A picture is a hundred kilobytes as a rule and ten megabytes at most; sixty printers whose pictures were of
that size took two gigabytes. Each place below holds itself to its share by counting bytes.
"""

from functions.shared.value_class import dataclass

# A collector alone may have 512 MB on a Raspberry Pi (MemoryMax), and takes about 100 MB without pictures.
DEFAULT_BYTES = 256 * 1024 * 1024
LEAST_BYTES = 64 * 1024 * 1024
"""Each share then still has room for a picture of the largest size, or lets one pass alone."""


@dataclass(frozen=True, slots=True)
class PictureShares:
    """In bytes: the latest picture of each printer; what waits for the disk; messages of which only a part
    has come; what clients of the API have asked for and not taken yet."""

    latest: int
    waiting: int
    receiving: int
    sending: int


def picture_shares(total: int = DEFAULT_BYTES) -> PictureShares:
    """The shares of PICTURES_MAX_BYTES."""
    return PictureShares(latest=total // 2, waiting=total // 4, receiving=total // 8, sending=total // 8)
