"""What every queue refuses for good, whichever back end: the limits are those of SQS.

Source: AWS, "Amazon SQS message quotas" (batch of 10, 1 MiB, delay of 15 minutes, visibility of 12 hours).
"""

import re

from functions.bridge.ports import Outgoing

BATCH_LIMIT = 10
BODY_BYTES_LIMIT = 1024 * 1024
DELAY_LIMIT_SECONDS = 900.0  # of a message sent with a delay
HOLD_LIMIT_SECONDS = 12 * 3600.0  # of a hand-back

_ID = re.compile(r"[!-~]{1,128}")


def message_fault(entry: Outgoing, *, fifo: bool) -> str | None:
    """Why a queue of that kind can never take the message, or None if it can."""
    if not (_ID.fullmatch(entry.group) and _ID.fullmatch(entry.deduplication_id)):
        return "group and deduplication id must be 1 to 128 printable ASCII characters"
    if fifo and entry.delay_seconds != 0:
        return "a FIFO queue takes no delay for one message"
    if not 0 <= entry.delay_seconds <= DELAY_LIMIT_SECONDS:
        return f"the delay must be between 0 and {DELAY_LIMIT_SECONDS:g} seconds"
    try:
        size = len(entry.body.encode())
    except UnicodeEncodeError:
        return "the body cannot be encoded as UTF-8"
    if not 0 < size <= BODY_BYTES_LIMIT:
        return f"the body has {size} bytes, 1 to {BODY_BYTES_LIMIT} are allowed"
    return None
