"""One call of the Bot API, judged strictly: parameters, types, lengths, markup, photos, films."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from PIL import Image

from tests.support.telegram.entities import live_entities
from tests.support.telegram.keyboards import KeyboardError, buttons_of
from tests.support.telegram.markup import MarkupError, read_marked, utf16_units

TEXT_LIMIT, CAPTION_LIMIT = 4096, 1024
PHOTO_BYTES, VIDEO_BYTES = 10 * 1024 * 1024, 50 * 1024 * 1024

_COMMON = {
    "business_connection_id": str, "chat_id": object, "message_thread_id": int, "parse_mode": str,
    "disable_notification": bool, "protect_content": bool, "allow_paid_broadcast": bool,
    "message_effect_id": str, "reply_parameters": dict, "reply_markup": dict,
}  # fmt: skip
_EDITED = {
    "business_connection_id": str, "chat_id": object, "message_id": int, "inline_message_id": str,
    "reply_markup": dict,
}  # fmt: skip
_CAPTIONED = {
    "caption": str, "caption_entities": list, "show_caption_above_media": bool, "has_spoiler": bool,
}  # fmt: skip
_PARAMETERS: dict[str, dict[str, type]] = {
    "sendMessage": {**_COMMON, "text": str, "entities": list, "link_preview_options": dict},
    "sendPhoto": {**_COMMON, **_CAPTIONED},
    "sendVideo": {
        **_COMMON, **_CAPTIONED, "duration": int, "width": int, "height": int, "supports_streaming": bool,
        "start_timestamp": int,
    },
    "editMessageText": {
        **_EDITED, "text": str, "parse_mode": str, "entities": list, "link_preview_options": dict,
    },
    "editMessageCaption": {
        **_EDITED, "caption": str, "parse_mode": str, "caption_entities": list,
        "show_caption_above_media": bool,
    },
    "editMessageMedia": {**_EDITED, "media": dict},
}  # fmt: skip
_FILES = {
    "sendMessage": set[str](), "sendPhoto": {"photo"}, "sendVideo": {"video", "thumbnail", "cover"},
    "editMessageText": set[str](), "editMessageCaption": set[str](), "editMessageMedia": {"photo"},
}  # fmt: skip
_MEDIA = {
    "type", "media", "caption", "parse_mode", "caption_entities", "show_caption_above_media", "has_spoiler",
}  # fmt: skip


class CallError(Exception):
    """The answer to a bad call."""

    def __init__(self, code: int, description: str, parameters: Mapping[str, Any] | None = None) -> None:
        super().__init__(description)
        self.code = code
        self.description = description
        self.parameters = dict(parameters or {})


@dataclass(frozen=True, slots=True)
class Call:
    """A good call: `text` is what a person sees, `markup` what was sent, `parse_mode` None if plain.

    `live`: what of the text can be pressed though it was not sent as a link.
    """

    method: str
    chat_id: int | str
    thread_id: int | None
    text: str
    markup: str
    parse_mode: str | None
    is_silent: bool
    live: list[str]
    parameters: dict[str, Any]
    files: dict[str, bytes] = field(repr=False)
    buttons: tuple[tuple[tuple[str, str], ...], ...] = ()


def bad_request(description: str) -> CallError:
    return CallError(400, f"Bad Request: {description}")


def read_parameters(body: bytes, known: Mapping[str, type], required: Collection[str]) -> dict[str, Any]:
    """Those of a call that sends no file. Raises CallError."""
    values = _json_values(body or b"{}")
    check_parameters(values, known)
    if missing := set(required) - set(values):
        raise bad_request(f"parameter {min(missing)} is required")
    return values


def check_parameters(values: Mapping[str, Any], known: Mapping[str, type]) -> None:
    """Raises CallError for one that is unknown or of another type."""
    for name, value in values.items():
        wanted = known.get(name)
        if wanted is None:
            raise bad_request(f"unknown parameter {name}")
        if not isinstance(value, wanted) or (wanted is int and isinstance(value, bool)):
            raise bad_request(f"parameter {name} must be of type {wanted.__name__}")


def read_call(method: str, content_type: str, body: bytes) -> Call:
    """The call of such an HTTP body. Raises CallError."""
    if method not in _PARAMETERS:
        raise CallError(404, "Not Found: method not found")
    files: dict[str, bytes] = {}
    if content_type == "application/json":
        values = _json_values(body)
    else:
        texts, files = _form_values(content_type, body)
        values = {name: _typed(_PARAMETERS[method].get(name), text) for name, text in texts.items()}
    check_parameters(values, _PARAMETERS[method])
    if unknown := set(files) - _FILES[method]:
        raise bad_request(f"unexpected file {sorted(unknown)}")
    chat_id = values.get("chat_id")
    if isinstance(chat_id, str) and re.fullmatch(r"-?\d+", chat_id):
        chat_id = int(chat_id)
    if not isinstance(chat_id, int | str) or isinstance(chat_id, bool) or chat_id == "":
        raise bad_request("chat_id is empty")
    if method == "editMessageMedia":
        values = _with_media(values, files)
    if method.startswith("edit") and "message_id" not in values:
        raise bad_request("message identifier is not specified")
    text, markup, live = _shown_text(method, values)
    _check_files(method, files)
    try:
        buttons = buttons_of(values)
    except KeyboardError as error:
        raise bad_request(str(error)) from None
    return Call(
        method,
        chat_id,
        values.get("message_thread_id"),
        text,
        markup,
        values.get("parse_mode"),
        values.get("disable_notification", False),
        live,
        values,
        files,
        buttons,
    )


def _with_media(values: Mapping[str, Any], files: Mapping[str, bytes]) -> dict[str, Any]:
    """Of the new content of a message what stands at the top level elsewhere. Raises CallError."""
    media = values.get("media", {})
    if set(media) - _MEDIA or media.get("type") != "photo":
        raise bad_request("can't parse InputMedia: unknown field or type")
    if media.get("media") != "attach://photo" or "photo" not in files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    shown = {name: media[name] for name in ("caption", "parse_mode") if name in media}
    return {**values, **shown}


def _shown_text(method: str, values: Mapping[str, Any]) -> tuple[str, str, list[str]]:
    is_message = method in ("sendMessage", "editMessageText")
    markup = values.get("text" if is_message else "caption", "")
    mode = values.get("parse_mode")
    if mode not in (None, "HTML"):
        raise bad_request("unsupported parse_mode")
    try:
        whole, marked = read_marked(markup) if mode == "HTML" else (markup, [])
        text = whole.strip()
        length = utf16_units(text)
    except MarkupError as error:
        raise bad_request(str(error)) from None
    except UnicodeEncodeError:
        raise bad_request("strings must be encoded in UTF-8") from None
    if is_message and not text:
        raise bad_request("message text is empty")
    if length > (TEXT_LIMIT if is_message else CAPTION_LIMIT):
        raise bad_request("message is too long" if is_message else "message caption is too long")
    return text, markup, live_entities(whole, marked)


def _check_files(method: str, files: Mapping[str, bytes]) -> None:
    if method in ("sendPhoto", "editMessageMedia"):
        _check_photo(files.get("photo"))
    if method == "sendVideo":
        video = files.get("video")
        if not video:
            raise bad_request("there is no video in the request")
        if len(video) > VIDEO_BYTES:
            raise CallError(413, "Request Entity Too Large")
        if video[4:8] != b"ftyp":
            raise bad_request("wrong type of the web page content")
        thumbnail = files.get("thumbnail")
        if thumbnail is not None:
            with Image.open(BytesIO(thumbnail), formats=("JPEG",)) as image:
                if len(thumbnail) > 200_000 or max(image.size) > 320:
                    raise bad_request("PHOTO_INVALID_DIMENSIONS")


def _check_photo(photo: bytes | None) -> None:
    if not photo:
        raise bad_request("there is no photo in the request")
    if len(photo) > PHOTO_BYTES:
        raise bad_request(
            f"file of size {len(photo)} bytes is too big for a photo; the maximum size is {PHOTO_BYTES} bytes"
        )
    try:
        with Image.open(BytesIO(photo), formats=("JPEG",)) as image:
            width, height = image.size
            image.load()
    except (OSError, SyntaxError, ValueError):
        raise bad_request("IMAGE_PROCESS_FAILED") from None
    if width + height > 10_000 or max(width, height) > 20 * min(width, height):
        raise bad_request("PHOTO_INVALID_DIMENSIONS")


def _json_values(body: bytes) -> dict[str, Any]:
    try:
        values = json.loads(body)
    except ValueError:
        raise bad_request("can't parse JSON object") from None
    if not isinstance(values, dict):
        raise bad_request("object expected as JSON")
    return values


def _form_values(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    found = re.fullmatch(r'multipart/form-data; ?boundary="?([\w\'()+,./:=?-]{1,70})"?', content_type)
    if found is None:
        raise bad_request(f"unsupported content type {content_type[:60]}")
    boundary = b"--" + found[1].encode()
    if not body.startswith(boundary + b"\r\n") or not body.endswith(b"\r\n" + boundary + b"--\r\n"):
        raise bad_request("can't parse the form")
    texts: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in body[len(boundary) + 2 : -len(boundary) - 6].split(b"\r\n" + boundary + b"\r\n"):
        head, separator, content = part.partition(b"\r\n\r\n")
        name = re.search(rb'^Content-Disposition: form-data; name="([^"]+)"(; filename="[^"]+")?', head)
        if not separator or name is None or name[1].decode() in {**texts, **files}:
            raise bad_request("can't parse the form")
        if name[2]:
            files[name[1].decode()] = content
        else:
            texts[name[1].decode()] = content.decode()
    return texts, files


def _typed(wanted: type | None, text: str) -> Any:
    """A form carries only texts: integers are decimal digits, flags `true` or `false`, objects JSON."""
    if wanted is int and re.fullmatch(r"-?\d+", text):
        return int(text)
    if wanted is bool and text in ("true", "false"):
        return text == "true"
    if wanted in (dict, list):
        return json.loads(text)
    return text
