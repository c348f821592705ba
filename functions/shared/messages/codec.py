"""Reading JSON from elsewhere without trust: every value of the type it must have, or ContractError."""

import json
import math
from collections.abc import Mapping
from typing import Any

from functions.shared.errors import ContractError

DEPTH_LIMIT = 32  # of nested objects and lists; deeper ones could not be written again
INTEGER_LIMIT = 2**53  # what every JSON reader and every store can hold


def load_object(text: str) -> dict[str, Any]:
    """A JSON object from untrusted text. Raises ContractError.

    NaN, infinities (also as 1e999) and what is nested deeper than DEPTH_LIMIT are refused.
    """
    try:
        body = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ContractError(f"not JSON: {error!s:.80}") from None
    if not isinstance(body, dict):
        raise ContractError("not a JSON object")
    if text.count("{") + text.count("[") > DEPTH_LIMIT and _is_too_deep(body):
        raise ContractError(f"nested deeper than {DEPTH_LIMIT} levels")
    return body


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError("a number is out of range")
    return value


def _is_too_deep(body: dict[str, Any]) -> bool:
    level: list[Any] = [body]
    for _ in range(DEPTH_LIMIT):
        inner: list[Any] = []
        for item in level:
            values = item.values() if isinstance(item, dict) else item
            inner += [value for value in values if isinstance(value, dict | list)]
        if not inner:
            return False
        level = inner
    return True


def text_of(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise ContractError(f"{name} is not a text")
    return value


def optional_text_of(body: Mapping[str, Any], name: str) -> str | None:
    """An empty text says nothing, like a missing one."""
    return None if body.get(name) in (None, "") else text_of(body, name)


def integer_of(body: Mapping[str, Any], name: str) -> int:
    value = body.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > INTEGER_LIMIT:
        raise ContractError(f"{name} is not an integer")
    return value


def optional_integer_of(body: Mapping[str, Any], name: str) -> int | None:
    return None if body.get(name) is None else integer_of(body, name)


def number_of(body: Mapping[str, Any], name: str) -> float:
    value = body.get(name)
    if isinstance(value, float) and math.isfinite(value):
        return value
    try:
        return float(integer_of(body, name))
    except ContractError:
        raise ContractError(f"{name} is not a number") from None


def optional_number_of(body: Mapping[str, Any], name: str) -> float | None:
    return None if body.get(name) is None else number_of(body, name)


def flag_of(body: Mapping[str, Any], name: str) -> bool | None:
    value = body.get(name)
    if value is not None and not isinstance(value, bool):
        raise ContractError(f"{name} is not true or false")
    return value
