"""Alerts of the AI that a person looked into and found nothing: kept with their pictures, a bounded number.

They are for whoever tunes the threshold, the prompt or the model; nothing is decided by them.
"""

import json
from collections.abc import Sequence
from typing import Protocol

from functions.shared.domain.keys import second_key
from functions.shared.errors import ContractError
from functions.shared.messages.codec import load_object, recall, to_json
from functions.shared.value_class import dataclass

DESCRIPTION_FILE = "sample.json"
LISTED_LIMIT = 500
PICTURES_LIMIT = 2
PLACE = "samples"


@dataclass(frozen=True, slots=True)
class Sample:
    """`id`: a token; times are seconds since 1970; `pictures`: how many lie beside it (1: judged)."""

    id: str
    printer_id: str
    category: str
    kept_at: float
    alerted_at: float | None = None
    confidence: float | None = None
    summary: str | None = None
    pictures: int = 0

    @property
    def folder(self) -> str:
        """Names of folders sort by time; a repeat has the same."""
        return f"{second_key('', self.alerted_at or self.kept_at)}_{self.id}"

    @property
    def picture_names(self) -> list[str]:
        """Below the folder, or the bucket, that all is in."""
        numbers = range(1, min(self.pictures, PICTURES_LIMIT) + 1)
        return [f"{PLACE}/{self.folder}/{picture_name(number)}" for number in numbers]


class Samples(Protocol):
    """Blocks. Raises TransientError."""

    def keep(self, sample: Sample, pictures: Sequence[bytes]) -> None:
        """In the place of the oldest, if there are as many as may be; a repeat changes nothing."""
        ...

    def newest(self) -> Sequence[Sample]:
        """Newest first, at most LISTED_LIMIT."""
        ...


def picture_name(number: int) -> str:
    """Of the first (1), which was judged, or the earlier one that it was compared with (2)."""
    return f"{number}.jpeg"


def described(sample: Sample) -> bytes:
    return json.dumps(to_json(sample), indent=1).encode()


def sample_of(content: bytes) -> Sample | None:
    """None for what cannot be read."""
    try:
        return recall(Sample, load_object(content.decode("utf-8", "replace")))
    except ContractError:
        return None
