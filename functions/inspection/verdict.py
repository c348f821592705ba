"""What the model answered, as a verdict or as "no verdict" with the reason. Never guessed from keywords."""

import json
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Any

from functions.shared.value_class import dataclass

SUMMARY_LIMIT = 300
ANSWER_LIMIT = 20_000
_ATTEMPTS = 50
_PERCENT = re.compile(r"(\d{1,3}(?:[.,]\d{1,17})?)\s*(%?)")


class Defect(StrEnum):
    """What a check can find; `none` when all is well."""

    SPAGHETTI = "spaghetti"
    DETACHED = "detached"
    LAYER_SHIFT = "layer_shift"
    BLOB_ON_NOZZLE = "blob_on_nozzle"
    SEVERE_STRINGING = "severe_stringing"
    WARPING = "warping"
    OTHER = "other"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Verdict:
    """One answer. `confidence` 0..1; `summary` is free, untrusted text without control characters."""

    has_defect: bool
    confidence: float
    category: Defect
    summary: str


@dataclass(frozen=True, slots=True)
class NoVerdict:
    """There was no answer that can be used, and why, in a person's words."""

    reason: str


def read_verdict(
    text: str | None, finish_reason: str | None = None, refusal: str | None = None
) -> Verdict | NoVerdict:
    """The verdict in an answer: bare JSON, JSON in a code fence, or one JSON object in prose.

    An object counts only if all four fields are there and readable. Several that differ are no verdict:
    which one was meant would be a guess.
    """
    if refusal:
        return NoVerdict(f"the model refused: {clean_text(refusal, 120)}")
    if not text or not text.strip():
        return NoVerdict("the answer was empty")
    if len(text) > ANSWER_LIMIT:
        return NoVerdict(f"the answer was too long ({len(text)} characters)")
    fault = ""
    found: list[Verdict] = []
    for body in _objects(text):
        verdict = _verdict(body)
        if isinstance(verdict, NoVerdict):
            fault = fault or verdict.reason
        elif verdict not in found:
            found.append(verdict)
    if len(found) == 1:
        return found[0]
    if found:
        return NoVerdict(f"{len(found)} different answers in one")
    if finish_reason == "length":
        return NoVerdict("the answer was cut off")
    if finish_reason == "content_filter":
        return NoVerdict("the answer was withheld by a content filter")
    return NoVerdict(fault or "the answer held no JSON object")


def clean_text(text: str, limit: int = SUMMARY_LIMIT) -> str:
    """One line without control, format or unassigned characters, at most `limit` long."""
    kept = "".join(" " if unicodedata.category(letter)[0] in "CZ" else letter for letter in text[: limit * 8])
    line = " ".join(kept.split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def _objects(text: str) -> Iterator[Mapping[str, Any]]:
    """JSON objects in a text, outer ones first; an object inside a usable one is part of it."""
    decoder = json.JSONDecoder(object_pairs_hook=_without_repeats)
    position = 0
    for _ in range(_ATTEMPTS):
        position = text.find("{", position)
        if position < 0:
            return
        try:
            body, end = decoder.raw_decode(text, position)
        except (ValueError, RecursionError):
            position += 1
            continue
        if isinstance(body, dict):
            yield body
        is_answer = isinstance(body, dict) and "has_defect" in body
        position = end if is_answer else position + 1


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    body = dict(pairs)
    if len(body) != len(pairs):
        raise ValueError("a key stands twice")
    return body


def _verdict(body: Mapping[str, Any]) -> Verdict | NoVerdict:
    missing = [name for name in ("has_defect", "confidence", "category", "summary") if name not in body]
    if missing:
        return NoVerdict("the answer lacked " + ", ".join(missing))
    has_defect = _flag(body["has_defect"])
    if has_defect is None:
        return NoVerdict("has_defect was neither true nor false")
    confidence = _share(body["confidence"])
    if confidence is None:
        return NoVerdict("confidence was no number from 0 to 1")
    category, summary = body["category"], body["summary"]
    if category is None and not has_defect:
        category = Defect.NONE
    if not isinstance(category, str):
        return NoVerdict("category was no text")
    if not isinstance(summary, str):
        return NoVerdict("summary was no text")
    return Verdict(has_defect, confidence, _category(category, has_defect), clean_text(summary))


def _flag(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, str):
        return {"true": True, "false": False}.get(value.strip().lower())
    return None


def _share(value: object) -> float | None:
    """0.9, "0.9", "90%", "90 %" and 90 are all 0.9; words and anything out of range are nothing."""
    is_percent = False
    if isinstance(value, str):
        found = _PERCENT.fullmatch(value.strip())
        if found is None:
            return None
        value, is_percent = float(found[1].replace(",", ".")), found[2] == "%"
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not 0 <= value <= 100 or not math.isfinite(value):
        return None
    return value / 100 if is_percent or value > 1 else float(value)


def _category(word: str, has_defect: bool) -> Defect:
    """A word that is not ours is `other`: it is not read for what it might mean."""
    if not has_defect:
        return Defect.NONE
    plain = re.sub(r"[\s-]+", "_", word.strip().lower())
    known = Defect(plain) if plain in set(Defect) else Defect.OTHER
    return Defect.OTHER if known is Defect.NONE else known
