"""Imports FastAPI so that what a function hardly ever uses of it is made at its first use, or not at all.

FastAPI has a hundred models of OpenAPI's document, which a function hardly ever writes. pydantic builds one
when its class is made, unless that says `defer_build`; FastAPI itself then asks for three of the largest, and
makes one for a default. And it loads OpenTelemetry, whose figures nobody here collects.
"""

import os
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from fastapi.telemetry import TelemetryConfig

NO_TELEMETRY: "TelemetryConfig" = {"tracing": False, "metrics": False, "logs": False}
# Of OpenTelemetry, what FastAPI names and without tracing, metrics and logs does not call; `context` it does.
_NOT_CALLED = ("_logs", "metrics", "propagate", "propagators", "propagators.textmap", "trace")

_rebuild = BaseModel.model_rebuild.__func__  # type: ignore[attr-defined]  # it is a classmethod
_fill = BaseModel.__init__


def _only_if_used(cls: type[BaseModel], /, **how: Any) -> bool | None:
    """A model that is used is rebuilt by pydantic with arguments; FastAPI has none, while it is imported."""
    if not how:
        return None
    how["_parent_namespace_depth"] = how.get("_parent_namespace_depth", 2) + 1  # this function is between
    rebuilt: bool | None = _rebuild(cls, **how)
    return rebuilt


def _fill_if_given(self: BaseModel, /, **data: Any) -> None:
    """One without data has its defaults, for which it need not be built."""
    if data:
        _fill(self, **data)
        return
    made = type(self).model_construct()
    for name in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__"):
        object.__setattr__(self, name, getattr(made, name))


_fill_if_given.__pydantic_base_init__ = True  # type: ignore[attr-defined]  # as pydantic marks its own


class _NotCalled(ModuleType):
    """Has a class of each name that is asked for."""

    def __getattr__(self, name: str) -> type:
        if name.startswith("__"):
            raise AttributeError(name)
        made = type(name, (), {"__class_getitem__": classmethod(lambda cls, _: cls)})
        setattr(self, name, made)
        return made


def _import_fastapi() -> None:
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:  # elsewhere others of this process may want the real ones
        for name in _NOT_CALLED:
            sys.modules.setdefault(f"opentelemetry.{name}", _NotCalled(f"opentelemetry.{name}"))
    BaseModel.model_config["defer_build"] = True
    BaseModel.model_rebuild = classmethod(_only_if_used)  # type: ignore[assignment]
    BaseModel.__init__ = _fill_if_given  # type: ignore[method-assign]
    try:
        import fastapi.openapi.models  # noqa: F401
    finally:
        BaseModel.model_rebuild = classmethod(_rebuild)  # type: ignore[assignment]
        BaseModel.__init__ = _fill  # type: ignore[method-assign]


_import_fastapi()
