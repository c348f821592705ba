"""How long a test waits for what must happen."""

from typing import Final

TIMEOUT: Final = 300.0
"""Seconds after which a test gives up.

Every wait ends with its condition: this says nothing of how fast a thing must be, and a busy machine may take
nearly all of it. What is quick or slow is measured by `make bench`.
"""
