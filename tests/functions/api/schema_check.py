"""Checks a JSON value against a schema of an OpenAPI document (the keywords that ours uses, strictly)."""

from datetime import datetime
from typing import Any

_KNOWN = frozenset(
    {"$ref", "anyOf", "type", "properties", "required", "items", "enum", "format", "additionalProperties"}
)
_NOTES = frozenset({"title", "description", "examples", "default"})
_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
    "null": (type(None),),
}


def schema_faults(value: Any, schema: dict[str, Any], document: dict[str, Any], at: str = "$") -> list[str]:
    """Why the value does not fit; a field that the schema does not name is a fault too."""
    unknown = schema.keys() - _KNOWN - _NOTES
    assert not unknown, f"{at}: this check does not know {unknown}"
    if "$ref" in schema:
        target = document
        for part in schema["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        return schema_faults(value, target, document, at)
    if "anyOf" in schema:
        tries = [schema_faults(value, choice, document, at) for choice in schema["anyOf"]]
        return [] if any(not faults for faults in tries) else [fault for faults in tries for fault in faults]
    if "type" not in schema:
        return []
    kind = schema["type"]
    is_of_kind = isinstance(value, _TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))
    if not is_of_kind:
        return [f"{at}: {value!r:.60} is no {kind}"]
    faults = []
    if "enum" in schema and value not in schema["enum"]:
        faults.append(f"{at}: {value!r:.60} is none of {schema['enum']}")
    if schema.get("format") == "date-time" and datetime.fromisoformat(value).tzinfo is None:
        faults.append(f"{at}: {value} has no zone")
    if kind == "array":
        for index, item in enumerate(value):
            faults += schema_faults(item, schema["items"], document, f"{at}[{index}]")
    if kind == "object":
        properties = schema.get("properties", {})
        faults += [f"{at}: {name} is missing" for name in schema.get("required", []) if name not in value]
        for name, item in value.items():
            if name in properties:
                faults += schema_faults(item, properties[name], document, f"{at}.{name}")
            elif not schema.get("additionalProperties"):
                faults.append(f"{at}: {name} is not in the schema")
    return faults
