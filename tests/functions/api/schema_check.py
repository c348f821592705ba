"""Checks a JSON value against a schema of an OpenAPI document."""

from datetime import datetime
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker  # type: ignore[import-untyped]


def _is_time_with_zone(value: object) -> bool:
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


_FORMATS = FormatChecker(formats=())
_FORMATS.checks("date-time", raises=ValueError)(_is_time_with_zone)


def schema_faults(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> list[str]:
    """Why the value does not fit; a field that the schema does not name is a fault too."""
    whole = _closed(schema | {"components": document["components"]})
    validator = Draft202012Validator(whole, format_checker=_FORMATS)
    return [f"{fault.json_path}: {fault.message:.200}" for fault in validator.iter_errors(value)]


def _closed(part: Any) -> Any:
    """The same, and an object may have no other fields than those that are named."""
    if isinstance(part, list):
        return [_closed(item) for item in part]
    if not isinstance(part, dict):
        return part
    closed = {name: _closed(item) for name, item in part.items()}
    return {"additionalProperties": False} | closed if part.get("type") == "object" else closed
