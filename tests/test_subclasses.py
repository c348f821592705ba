"""No class of ours that extends a library's class takes a name which that class keeps for itself.

A library may rename what is private to it in any release: CPython 3.13 gave `threading.Thread` an attribute
_handle, and a subclass that had set one of its own no longer started.
"""

import ast
import importlib
import inspect
import logging
import sys
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from http.server import BaseHTTPRequestHandler

import uvicorn

from tests.test_architecture import OURS, SOURCES, module_of

MODULES = sorted(module_of(path) for path in SOURCES if path.name != "conftest.py")


def is_ours(cls: type) -> bool:
    return cls.__module__.split(".")[0] in OURS


def source_of(cls: type) -> ast.ClassDef | None:
    """None for what is written in C, or made by a call: of those `dir` knows all there is."""
    return classes_in(cls.__module__).get(cls.__qualname__)


@cache
def classes_in(module: str) -> Mapping[str, ast.ClassDef]:
    """Those in a module's source by their qualified names. `inspect` parses all of it for each class."""
    try:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
    except (OSError, TypeError, SyntaxError, KeyError):
        return {}
    return dict(
        reversed(list(classes_below(tree, "")))
    )  # of two with one name the first, as `inspect` has it


def classes_below(node: ast.AST, prefix: str) -> Iterator[tuple[str, ast.ClassDef]]:
    for inner in ast.iter_child_nodes(node):
        match inner:
            case ast.ClassDef(name=name):
                yield prefix + name, inner
                yield from classes_below(inner, f"{prefix}{name}.")
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield from classes_below(inner, f"{prefix}{name}.<locals>.")
            case ast.stmt() | ast.ExceptHandler() | ast.match_case():
                yield from classes_below(inner, prefix)


def defined_in_body(cls: type) -> Iterator[str]:
    source = source_of(cls)
    for node in source.body if source else []:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            yield from (target.id for target in targets if isinstance(target, ast.Name))


def set_on_self(cls: type) -> Iterator[str]:
    """The attributes that the methods of a class set on their first argument."""
    source = source_of(cls)
    for method in source.body if source else []:
        if not isinstance(method, ast.FunctionDef | ast.AsyncFunctionDef) or not method.args.args:
            continue
        own = method.args.args[0].arg
        for node in ast.walk(method):
            if (
                isinstance(node, ast.Attribute)
                and isinstance(node.ctx, ast.Store)
                and isinstance(node.value, ast.Name)
                and node.value.id == own
            ):
                yield node.attr


@cache
def names_of_library(cls: type) -> frozenset[str]:
    """All that a library's class and its own bases define or set on an instance."""
    names = set(dir(cls)) - set(dir(object))
    for base in cls.__mro__:
        names.update(set_on_self(base))
    return frozenset(names)


def taken_names(cls: type) -> list[str]:
    """`base.name` for each name of a library's base that a class of ours uses for something else.

    Overriding a public method is what a base class is for, so in the class's body only private names count;
    of what is set on the instance every name counts, but for those that the base means to be set.
    """
    in_body = {name for name in defined_in_body(cls) if name.startswith("_") and not name.startswith("__")}
    on_self = {name for name in set_on_self(cls) if not name.startswith("__")}
    taken = set()
    for base in cls.__mro__[1:]:
        if is_ours(base) or base is object:
            continue
        meant = {name for kind, name in MEANT_TO_BE_SET if issubclass(cls, kind)}
        for name in ((in_body | on_self) & names_of_library(base)) - meant:
            taken.add(f"{base.__module__}.{base.__qualname__}.{name}")
    return sorted(taken)


# What a library documents as set by a subclass or its owner.
MEANT_TO_BE_SET: list[tuple[type, str]] = [
    (uvicorn.Server, "should_exit"),
    (BaseHTTPRequestHandler, "close_connection"),
]


def classes_of(module: str) -> list[type]:
    loaded = importlib.import_module(module)
    return [
        cls for _, cls in inspect.getmembers(loaded, inspect.isclass) if cls.__module__ == loaded.__name__
    ]


def test_no_class_takes_a_name_of_its_library() -> None:
    classes = [cls for module in MODULES for cls in classes_of(module)]
    assert len(classes) > len(MODULES) / 2
    assert {
        f"{cls.__module__}.{cls.__qualname__}": taken for cls in classes if (taken := taken_names(cls))
    } == {}


def test_a_taken_name_is_found() -> None:
    class SetsOne(threading.Thread):
        def __init__(self) -> None:
            super().__init__()
            self._target = None

    class DefinesOne(logging.Handler):
        _name = "mine"

    class Overrides(logging.Handler):
        def __init__(self) -> None:
            super().__init__()
            self.heard: list[str] = []

        def emit(self, record: logging.LogRecord) -> None:
            self.heard.append(record.getMessage())

    assert taken_names(SetsOne) == ["threading.Thread._target"]
    assert "logging.Handler._name" in taken_names(DefinesOne)
    assert taken_names(Overrides) == []
