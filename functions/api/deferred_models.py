"""Imports FastAPI so that pydantic's models are built at their first use: a third of a function's start.

FastAPI has a hundred models of OpenAPI's document, which a function hardly ever writes. pydantic builds one
when its class is made, unless that says `defer_build`; FastAPI itself then asks for three of the largest.
"""

from typing import Any

from pydantic import BaseModel

_rebuild = BaseModel.model_rebuild.__func__  # type: ignore[attr-defined]  # it is a classmethod


def _only_if_used(cls: type[BaseModel], /, **how: Any) -> bool | None:
    """A model that is used is rebuilt by pydantic with arguments; FastAPI has none, while it is imported."""
    if not how:
        return None
    how["_parent_namespace_depth"] = how.get("_parent_namespace_depth", 2) + 1  # this function is between
    rebuilt: bool | None = _rebuild(cls, **how)
    return rebuilt


def _import_fastapi() -> None:
    BaseModel.model_config["defer_build"] = True
    BaseModel.model_rebuild = classmethod(_only_if_used)  # type: ignore[assignment]
    try:
        import fastapi.openapi.models  # noqa: F401
    finally:
        BaseModel.model_rebuild = classmethod(_rebuild)  # type: ignore[assignment]


_import_fastapi()
