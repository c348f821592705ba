"""How the C library hands memory back."""

import contextlib

LARGE_BYTES = 1024 * 1024
_M_MMAP_THRESHOLD = -3  # malloc.h of glibc


def return_large_blocks() -> bool:
    """From now on blocks of `LARGE_BYTES` and more go back to the system when they are freed; whether the C
    library was told so (only glibc takes it).

    By itself glibc keeps ever larger ones, up to 32 MB, in its heaps, one for each thread: with pictures of
    10 MB the program held half as much again as it used.
    """
    with contextlib.suppress(ImportError, AttributeError, OSError, MemoryError):
        import ctypes

        return bool(ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, LARGE_BYTES))
    return False
