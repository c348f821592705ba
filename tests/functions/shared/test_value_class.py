"""A value class is what the standard library makes of the same text, and is made without compiling it all."""

import copy
import dataclasses
import pickle
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from functions.shared import value_class
from functions.shared.messages.codec import from_json, to_json

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    dataclass = value_class.dataclass

FUNCTIONS = Path(value_class.__file__).parents[1]


@dataclass(frozen=True, slots=True)
class Inner:
    """A point."""

    x: float
    y: float = 0.0


ONE = Inner(1.0)


@dataclass(frozen=True, slots=True)
class Value:
    """With all that ours have: defaults, names in JSON, what is not compared, what is given by name."""

    name: str
    inner: Inner = ONE
    items: tuple[int, ...] = dataclasses.field(default_factory=tuple, metadata={"name": "things"})
    sender: str = dataclasses.field(default="", compare=False, repr=False)
    is_on: bool = dataclasses.field(kw_only=True, default=False)

    @property
    def size(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Of which some without a default stand behind others."""

    first: int = 1
    second: int


@dataclass(frozen=True, slots=True)
class Empty:
    """Nothing."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One that says itself how it is shown."""

    x: float = 3.0

    def __repr__(self) -> str:
        return "shown"


@dataclasses.dataclass(frozen=True, slots=True)
class Wider(Inner):
    """One of the standard library's made from it, as tests do."""

    z: float = 3.0


@dataclasses.dataclass(frozen=True, slots=True)
class Standard:
    """The same fields as `Value`, from the standard library."""

    name: str
    inner: Inner = ONE
    items: tuple[int, ...] = dataclasses.field(default_factory=tuple, metadata={"name": "things"})
    sender: str = dataclasses.field(default="", compare=False, repr=False)
    is_on: bool = dataclasses.field(kw_only=True, default=False)


VALUES = (
    Value("a"),
    Value("b", Inner(2.0, 3.0), (1, 2), "me", is_on=True),
    Named(second=2),
    Empty(),
    Shown(),
    Wider(1.0),
    Inner(float("inf")),
)


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_it_is_a_value(value: Any) -> None:
    same = dataclasses.replace(value)
    assert same == value
    assert hash(same) == hash(value)
    assert value != 1
    assert {same: 1}[value] == 1
    assert not hasattr(value, "__dict__")


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_it_is_copied_and_pickled(value: Any) -> None:
    for same in (copy.copy(value), copy.deepcopy(value), pickle.loads(pickle.dumps(value))):
        assert same == value
        assert type(same) is type(value)


@pytest.mark.parametrize(
    "given",
    [
        (("a",), {}),
        (("a", Inner(2.0), (1,), "me"), {"is_on": True}),
        ((), {"name": "b", "items": (3, 4)}),
    ],
)
def test_it_is_as_the_standard_library_makes_it(given: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    places, names = given
    ours, theirs = Value(*places, **names), Standard(*places, **names)
    assert dataclasses.asdict(ours) == dataclasses.asdict(theirs)
    assert repr(ours) == repr(theirs).replace("Standard", "Value")
    assert [(it.name, it.type, it.metadata) for it in dataclasses.fields(ours)] == [
        (it.name, it.type, it.metadata) for it in dataclasses.fields(theirs)
    ]
    assert Value.__match_args__ == Standard.__match_args__
    assert to_json(ours) == to_json(theirs)
    assert from_json(Value, to_json(ours) | {"sender": "me"}) == ours, "what is not compared makes no other"


def test_no_field_is_set_or_taken_away_once_it_is_made() -> None:
    value = Value("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        value.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del value.name
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'other'"):
        value.other = 1  # type: ignore[attr-defined]
    assert value.name == "a"


def test_it_is_told_apart_by_its_class_and_by_each_field_that_counts() -> None:
    other: Any = Standard("a")
    assert Value("a") != other
    assert Value("a") != Value("a", is_on=True)
    assert Value("a") != Value("a", Inner(1.0, 1.0))
    assert Value("a", sender="me") == Value("a", sender="you")
    assert Inner(1.0) != Wider(1.0)


def test_what_its_class_says_itself_stands() -> None:
    assert repr(Shown()) == "shown"
    assert (Wider(1.0, 2.0).x, Wider(1.0, 2.0).y, Wider(1.0, 2.0).z) == (1.0, 2.0, 3.0)
    assert Value("a", items=(1, 2)).size == 2
    assert Value("a").items is Value("b").items == ()


def test_what_is_missing_or_too_much_is_said_by_name() -> None:
    with pytest.raises(
        TypeError, match=r"Value\.__init__\(\) missing 1 required positional argument: 'name'"
    ):
        Value()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match=r"Named\.__init__\(\) missing 1 required keyword-only argument"):
        Named()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="unexpected keyword argument 'other'"):
        Empty(other=1)  # type: ignore[call-arg]


def test_a_pattern_takes_it_apart() -> None:
    match Inner(1.0, 2.0):
        case Inner(x, y):
            assert (x, y) == (1.0, 2.0)


def test_functions_make_their_values_so() -> None:
    """One that is made by the standard library costs each start half a millisecond more."""
    frozen = re.compile(r"^@(?:dataclasses\.)?dataclass\(frozen=True, slots=True", re.MULTILINE)
    ours = "from functions.shared.value_class import dataclass"
    texts = {path: path.read_text(encoding="utf-8") for path in FUNCTIONS.rglob("*.py")}
    made = {
        path.relative_to(FUNCTIONS).as_posix(): text for path, text in texts.items() if frozen.search(text)
    }
    assert len(made) > 50
    assert [path for path, text in made.items() if ours not in text] == []
