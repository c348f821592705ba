"""`dataclass(frozen=True, slots=True)` as the standard library has it, made in a third of the time.

The standard library writes six methods of each class as text and compiles them: for the eighty classes that
a function begins with a quarter of its start (`make bench`). Here one is written, `__init__`; the others are
the same for all classes, and go by the names of the fields. What is not frozen, or has no slots, is made with
`dataclasses`.
"""

import dataclasses
from collections.abc import Callable
from operator import attrgetter
from typing import TYPE_CHECKING, Any, NoReturn, cast

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # what type checkers know of it is true of this one too
else:

    def dataclass(*, frozen: bool, slots: bool, kw_only: bool = False) -> Callable[[type], type]:
        """A class of values, with none above it: its fields are set once. `kw_only`: and given by name."""
        assert frozen
        assert slots
        return lambda kind: _value_class(kind, kw_only)


def _value_class(kind: type, kw_only: bool) -> type:
    own = set(vars(kind))
    plain = dataclasses.dataclass(init=False, repr=False, eq=False, slots=True, kw_only=kw_only)
    made: Any = plain(kind)
    fields = dataclasses.fields(made)
    made.__dataclass_params__.frozen = True  # so that a frozen one may be made from it
    made.__init__ = _initializer(made, fields)
    made.__compared__ = _reader([field.name for field in fields if field.compare])
    made.__shown__ = tuple(field.name for field in fields if field.repr)
    for name, method in _METHODS.items():
        if name not in own:
            setattr(made, name, method)
    return cast("type", made)


def _initializer(made: Any, fields: tuple[dataclasses.Field[Any], ...]) -> Any:
    """As text, so that parameters are parameters; a field is set past the class that lets none be set."""
    scope: dict[str, Any] = {}
    by_place = ["self"]
    by_name: list[str] = []
    lines: list[str] = []
    for field in fields:
        name = field.name
        scope[f"_set_{name}"] = vars(made)[name].__set__
        given, parameter = name, name
        if field.default is not dataclasses.MISSING:
            scope[f"_{name}"] = field.default
            parameter = f"{name}=_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            scope[f"_{name}"], scope["_unset"] = field.default_factory, dataclasses.MISSING
            parameter = f"{name}=_unset"
            given = f"_{name}() if {name} is _unset else {name}"
        (by_name if field.kw_only else by_place).append(parameter)
        lines.append(f" _set_{name}(self, {given})")
    parameters = ", ".join([*by_place, *(["*", *by_name] if by_name else [])])
    exec(f"def __init__({parameters}):\n" + "\n".join(lines or [" pass"]), scope)  # noqa: S102  # fields' names
    method = scope["__init__"]
    method.__qualname__, method.__module__ = f"{made.__qualname__}.__init__", made.__module__
    method.__annotations__ = {field.name: field.type for field in fields} | {"return": None}
    return method


def _reader(names: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return staticmethod(lambda value: tuple(getattr(value, name) for name in names))


def _equal(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    return self.__compared__(self) == self.__compared__(other)


def _hash(self: Any) -> int:
    return hash(self.__compared__(self))


def _repr(self: Any) -> str:
    shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__shown__)
    return f"{self.__class__.__qualname__}({shown})"


def _set(self: Any, name: str, value: object) -> NoReturn:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _delete(self: Any, name: str) -> NoReturn:  # noqa: ARG001
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _state(self: Any) -> list[Any]:
    """For `copy` and `pickle`."""
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _restore(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)


_METHODS = {
    "__eq__": _equal,
    "__hash__": _hash,
    "__repr__": _repr,
    "__setattr__": _set,
    "__delattr__": _delete,
    "__getstate__": _state,
    "__setstate__": _restore,
}
