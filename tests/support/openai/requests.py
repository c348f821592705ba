"""Reads a request for a chat completion with images, and takes it only if it is exactly as agreed."""

import base64
import binascii
import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from PIL import Image

LONGEST_SIDE = 1280
_PARAMETERS = frozenset({"model", "messages", "max_tokens", "temperature", "response_format"})
_SCHEMA_WORDS = frozenset(
    {"type", "properties", "required", "additionalProperties", "enum", "description", "items", "anyOf"}
)
_SCHEMA_TYPES = frozenset({"object", "string", "number", "integer", "boolean", "array", "null"})
_DATA_URI = re.compile(r"data:image/jpeg;base64,([A-Za-z0-9+/]+={0,2})")


@dataclass(frozen=True)
class SeenImage:
    """An image as it came in a request."""

    data: bytes
    width: int
    height: int


@dataclass(frozen=True)
class SeenRequest:
    """A request that was in order: its body, all its words, its images in their order."""

    body: Mapping[str, Any]
    text: str
    images: tuple[SeenImage, ...]

    @property
    def has_schema(self) -> bool:
        return "response_format" in self.body


def checked_request(raw: bytes, content_type: str) -> SeenRequest:
    """The request if it is exactly as agreed. Raises ValueError."""
    if content_type.split(";")[0].strip() != "application/json":
        raise ValueError(f"content type {content_type!r}")
    body = json.loads(raw)
    if not isinstance(body, dict):
        raise ValueError("the body is no object")
    unknown = set(body) - _PARAMETERS
    if unknown:
        raise ValueError(f"unknown parameters: {', '.join(sorted(unknown))}")
    if not isinstance(body.get("model"), str):
        raise ValueError("model is no text")
    tokens = body.get("max_tokens")
    if not isinstance(tokens, int) or isinstance(tokens, bool) or not 1 <= tokens <= 4096:
        raise ValueError("max_tokens is not bounded")
    temperature = body.get("temperature", 0)
    if not isinstance(temperature, int | float) or not 0 <= temperature <= 2:
        raise ValueError("temperature is out of range")
    if "response_format" in body:
        _check_response_format(body["response_format"])
    texts: list[str] = []
    images: list[SeenImage] = []
    messages = body.get("messages")
    if not isinstance(messages, list) or not messages:
        raise ValueError("messages is no list")
    for message in messages:
        _read_message(message, texts, images)
    if messages[-1]["role"] != "user" or not images:
        raise ValueError("no picture from the user")
    return SeenRequest(body, "\n".join(texts), tuple(images))


def _read_message(message: object, texts: list[str], images: list[SeenImage]) -> None:
    if not isinstance(message, dict) or set(message) != {"role", "content"}:
        raise ValueError("a message has other fields than role and content")
    if message["role"] not in ("system", "user"):
        raise ValueError(f"role {message['role']!r}")
    content = message["content"]
    if isinstance(content, str):
        texts.append(content)
        return
    if not isinstance(content, list) or message["role"] != "user":
        raise ValueError("content is neither a text nor the user's list of parts")
    for part in content:
        match part:
            case {"type": "text", "text": str(text), **rest} if text and not rest:
                texts.append(text)
            case {"type": "image_url", "image_url": {"url": str(url), **others}, **rest} if not rest:
                if set(others) - {"detail"}:
                    raise ValueError("image_url has unknown fields")
                images.append(_image(url))
            case _:
                raise ValueError("a part is neither text nor image_url")


def _image(url: str) -> SeenImage:
    found = _DATA_URI.fullmatch(url)
    if found is None:
        raise ValueError("image_url is no data URI of a JPEG")
    try:
        data = base64.b64decode(found[1], validate=True)
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            image.load()
            width, height = image.size
            has_metadata = "exif" in image.info or "comment" in image.info
    except (binascii.Error, OSError) as error:
        raise ValueError(f"a picture cannot be decoded: {error}") from None
    if max(width, height) > LONGEST_SIDE:
        raise ValueError(f"a picture of {width}x{height} pixels")
    if has_metadata:
        raise ValueError("a picture carries metadata")
    return SeenImage(data, width, height)


def _check_response_format(value: object) -> None:
    if not isinstance(value, dict) or set(value) != {"type", "json_schema"} or value["type"] != "json_schema":
        raise ValueError("response_format is no json_schema")
    wrapper = value["json_schema"]
    if not isinstance(wrapper, dict) or set(wrapper) - {"name", "strict", "schema", "description"}:
        raise ValueError("json_schema has unknown fields")
    if not re.fullmatch(r"[A-Za-z0-9_-]{1,64}", str(wrapper.get("name", ""))):
        raise ValueError("the schema has no proper name")
    if wrapper.get("strict") is not True:
        raise ValueError("the schema is not strict")
    schema = wrapper.get("schema")
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise ValueError("the schema is not that of an object")
    _check_schema(schema)


def _check_schema(schema: object) -> None:
    """What OpenAI's strict mode asks for: known words, every property required, nothing besides."""
    if not isinstance(schema, dict):
        raise ValueError("a schema is no object")
    unknown = set(schema) - _SCHEMA_WORDS
    if unknown:
        raise ValueError(f"strict schemas do not know {', '.join(sorted(unknown))}")
    kinds = schema.get("type")
    for kind in kinds if isinstance(kinds, list) else [kinds]:
        if kind not in _SCHEMA_TYPES:
            raise ValueError(f"schema type {kind!r}")
    if kinds == "object":
        properties = schema.get("properties")
        if not isinstance(properties, dict) or schema.get("additionalProperties") is not False:
            raise ValueError("a strict object names its properties and allows no others")
        if sorted(schema.get("required", [])) != sorted(properties):
            raise ValueError("a strict object requires all its properties")
        for inner in properties.values():
            _check_schema(inner)
    if kinds == "array":
        _check_schema(schema.get("items"))
