"""The one codec: dataclasses to JSON and back by their fields, and JSON from elsewhere read without trust.

What an older or a newer version has written must be readable: the rules are in
infra/docs/architecture.md, "Stored formats and versions". For a reader they come to this:

- A field that the dataclass has not is passed over.
- A field that is missing, null, or an empty text where a text is due, has its default: the dataclass's own,
  else None where that is allowed, else false for a flag. Without a default that is a fault, and so it is in
  a field marked ALWAYS: every version has written it, its default is for those who make the value.
- A value of another type, and a word that its enumeration has not, is a fault.
- `from_json` refuses the whole for a fault. `recall` is for what is better read in part than not at all: the
  field at fault has its default, and an item at fault is left out of its list.
"""

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from enum import StrEnum
from functools import cache
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

from functions.shared.errors import ContractError

DEPTH_LIMIT = 32  # of nested objects and lists; deeper ones could not be written again
INTEGER_LIMIT = 2**53  # what every JSON reader and every store can hold

# Metadata of a field.
ALWAYS: Mapping[str, Any] = {"always": True}
WHOLE: Mapping[str, Any] = {"whole": True}  # an object that is recalled whole or not at all
SPREAD: Mapping[str, Any] = {"name": ""}  # an object whose fields stand among those of its owner

KindT = TypeVar("KindT")
Read = Callable[[Any, str], Any]
Write = Callable[[Any], Any]
_LEFT_OUT: Any = object()


def named(name: str) -> Mapping[str, Any]:
    """Metadata of a field that has another name in JSON, as older releases have it."""
    return {"name": name}


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


def fields_in(body: bytes) -> dict[str, Any]:
    """The fields of an answer from elsewhere; what is no JSON object has none."""
    try:
        return fields_of(json.loads(body))
    except (ValueError, RecursionError):
        return {}


def fields_of(value: object) -> dict[str, Any]:
    """The fields of a part of such an answer; what is no object has none."""
    return value if isinstance(value, dict) else {}


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


def to_json(value: Any) -> dict[str, Any]:
    """A dataclass as a JSON object, its fields in their order."""
    kind: Any = type(value)
    body: dict[str, Any] = {}
    for attribute, name, write in _writers(kind):
        item = getattr(value, attribute)
        if write is not None and item is not None:
            item = write(item)
        if name:
            body[name] = item
        else:
            body.update(item)
    return body


def without_empty(body: Mapping[str, Any]) -> dict[str, Any]:
    """The object without what says nothing: null, an empty text or list."""
    return {name: item for name, item in body.items() if item not in (None, "", [])}


def from_json(kind: type[KindT], body: Mapping[str, Any]) -> KindT:
    """The dataclass of a JSON object. Raises ContractError."""
    value: KindT = _read(kind, body, is_total=False)
    return value


def recall(kind: type[KindT], body: Mapping[str, Any]) -> KindT:
    """What can be read of it. Raises ContractError if a field without a default cannot be."""
    value: KindT = _read(kind, body, is_total=True)
    return value


def _read(kind: Any, body: Mapping[str, Any], *, is_total: bool) -> Any:
    implied, readers = _readers(kind, is_total)
    values = implied.copy()
    for attribute, name, is_optional, read in readers:
        item = body.get(name) if name else body
        if item is None and is_optional:
            continue
        try:
            values[attribute] = read(item, name)
        except ContractError:
            if not (is_total and is_optional):
                raise
    return kind(**values)


@cache
def _writers(kind: type) -> tuple[tuple[str, str, Write | None], ...]:
    """Attribute, name in JSON and writer of each field."""
    hints = get_type_hints(kind)
    return tuple((field.name, _name_of(field), _writer(hints[field.name])) for field in fields(kind))


@cache
def _readers(kind: type, is_total: bool) -> tuple[dict[str, Any], tuple[tuple[str, str, bool, Read], ...]]:
    """The defaults that types imply; then attribute, name in JSON, whether it may be missing, and reader of
    each field.
    """
    hints = get_type_hints(kind)
    implied: dict[str, Any] = {}
    readers = []
    for field in fields(kind):
        hint = hints[field.name]
        inner = _without_none(hint)
        is_optional = field.default is not MISSING or field.default_factory is not MISSING
        if not is_optional and (inner is not hint or inner is bool):
            implied[field.name] = None if inner is not hint else False
            is_optional = True
        if "always" in field.metadata and not is_total:
            is_optional = False
        read = _reader(inner, is_total and "whole" not in field.metadata)
        if inner is str and is_optional:
            read = _text_or(implied.get(field.name, field.default))
        readers.append((field.name, _name_of(field), is_optional, read))
    return implied, tuple(readers)


def _name_of(field: Field[Any]) -> str:
    name = field.metadata.get("name", field.name)
    assert isinstance(name, str)
    return name


def _without_none(hint: Any) -> Any:
    if get_origin(hint) not in (Union, UnionType):
        return hint
    (inner,) = (kind for kind in get_args(hint) if kind is not type(None))
    return inner


def _writer(hint: Any) -> Write | None:
    hint = _without_none(hint)
    kind = get_origin(hint) or hint
    if is_dataclass(kind):
        return to_json
    if kind is Mapping:
        return dict
    if kind is not tuple:
        return None
    write = _writer(get_args(hint)[0])
    return list if write is None else lambda items: [write(item) for item in items]


def _reader(hint: Any, is_total: bool) -> Read:
    if hint in _SIMPLE:
        return _SIMPLE[hint]
    kind, parts = get_origin(hint) or hint, get_args(hint)
    if is_dataclass(kind):
        return lambda value, name: _read(kind, _object(value, name), is_total=is_total)
    if kind is Mapping:
        return _mapping_reader(_item_reader(parts[1], is_total))
    if kind is tuple and parts[-1] is ...:
        return _list_reader(_item_reader(parts[0], is_total), is_of_objects=is_dataclass(parts[0]))
    if kind is tuple:
        return _row_reader([_reader(part, is_total) for part in parts])
    assert issubclass(kind, StrEnum), hint
    return _word_reader(kind)


def _item_reader(hint: Any, is_total: bool) -> Read:
    read = _reader(hint, is_total)

    def read_or_leave_out(value: Any, name: str) -> Any:
        try:
            return read(value, name)
        except ContractError:
            return _LEFT_OUT

    return read_or_leave_out if is_total else read


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or not value:
        raise ContractError(f"{name} is not a text")
    return value


def _text_or(default: str | None) -> Read:
    def read(value: Any, name: str) -> str | None:
        return default if value == "" else _text(value, name)

    return read


def _integer(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) > INTEGER_LIMIT:
        raise ContractError(f"{name} is not an integer")
    return value


def _number(value: Any, name: str) -> float:
    if isinstance(value, float) and math.isfinite(value):
        return value
    try:
        return float(_integer(value, name))
    except ContractError:
        raise ContractError(f"{name} is not a number") from None


def _flag(value: Any, name: str) -> bool:
    if not isinstance(value, bool):
        raise ContractError(f"{name} is not true or false")
    return value


def _object(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ContractError(f"{name} is not an object")
    return value


_SIMPLE: Mapping[Any, Read] = {
    str: _text, int: _integer, float: _number, bool: _flag, Mapping[str, Any]: _object
}  # fmt: skip


def _word_reader(kind: type[StrEnum]) -> Read:
    def read(value: Any, name: str) -> StrEnum:
        try:
            return kind(_text(value, name))
        except ValueError as error:
            raise ContractError(f"{error!s:.120}") from None

    return read


def _mapping_reader(read_item: Read) -> Read:
    def read(value: Any, name: str) -> dict[str, Any]:
        items = ((key, read_item(item, name)) for key, item in _object(value, name).items())
        return {key: item for key, item in items if item is not _LEFT_OUT}

    return read


def _list_reader(read_item: Read, *, is_of_objects: bool) -> Read:
    def read(value: Any, name: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple):
            raise ContractError(f"{name} is not a list" + " of objects" * is_of_objects)
        items = (read_item(item, name) for item in value)
        return tuple(item for item in items if item is not _LEFT_OUT)

    return read


def _row_reader(reads: Sequence[Read]) -> Read:
    def read(value: Any, name: str) -> tuple[Any, ...]:
        if not isinstance(value, list | tuple) or len(value) != len(reads):
            raise ContractError(f"{name} is not a list of rows of {len(reads)}")
        return tuple(read_item(item, name) for read_item, item in zip(reads, value, strict=True))

    return read
