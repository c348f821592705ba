"""Safe names out of untrusted ones, and the keys made of them: of frames and films, and of records.

Names of printers and jobs are untrusted: they become keys, paths, group ids and labels here and nowhere else.
A frame lies at `images/<printer>/<job>/YYYYMMDDThhmmss_XXXXXX_<job>.jpg`, UTC: sorting keys of one folder by
name is sorting them by time; XXXXXX counts within the printer.
"""

import hashlib
import math
import re
import unicodedata
from datetime import UTC, datetime

from functions.shared.text import printable

NO_JOB_NAME = "unnamed"

_PLAIN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9 ._()+-]{0,78}[A-Za-z0-9)+_-])?")
_UNSAFE = re.compile(r"[^A-Za-z0-9._()+-]+")
_SLUG_LIMIT = 64
_LABEL_LIMIT = 80


def safe_segment(name: str) -> str:
    """One path segment (ASCII, 1..80 bytes) for a name of any content and length.

    A plain name stays as it is. Any other becomes a readable slug with `~` and a digest of the whole
    name; a plain name has no `~`, so two different names never give one segment.
    """
    if _PLAIN.fullmatch(name) and name != NO_JOB_NAME:
        return name
    ascii_name = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    slug = _UNSAFE.sub("_", ascii_name)[:_SLUG_LIMIT].strip("._-")
    return f"{slug or 'name'}~{_hex(name)[:12]}"


def job_segment(job_name: str | None) -> str:
    """The folder of a job; a job without a name has a word of its own that no name can take."""
    return safe_segment(job_name) if job_name else NO_JOB_NAME


def label(name: str) -> str:
    """A name as a person reads it in a list of figures: one line of 1..93 printable characters.

    What cannot be shown becomes `?`, what is too long is cut, and `~` and a digest of the whole name follow
    then (and where the name has a `~` of its own), so two different names never give one label.
    """
    shown = printable(name[:_LABEL_LIMIT])
    if shown == name and name.strip() and "~" not in name:
        return name
    return f"{shown.strip() or 'name'}~{_hex(name)[:12]}"


def digest(*parts: str) -> str:
    """Hex digest (64 characters) of parts of any content: fit for group and deduplication ids."""
    return _hex("".join(f"{len(part)}:{part}" for part in parts))


def token_of(name: str) -> str:
    """What stands for an id of any content where there is little room: 16 hex digits."""
    return digest(name)[:16]


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


IMAGES = "images"
LATEST = "latest"

KEY_DEPTH_LIMIT = 6  # segments below `images/`

_SEGMENT = r"[A-Za-z0-9()+_~-][A-Za-z0-9 ._()+~-]{0,199}"
_KEY = re.compile(rf"{IMAGES}(?:/{_SEGMENT}){{1,{KEY_DEPTH_LIMIT}}}|{LATEST}/{_SEGMENT}")
_FRAME_NAME = re.compile(r"([0-9]{8}T[0-9]{6})_([0-9]{6})_.+\.jpg")
_STAMP = "%Y%m%dT%H%M%S"
_ORDER_LENGTH = len("YYYYMMDDThhmmss_XXXXXX")


def printer_prefix(printer_id: str) -> str:
    """The prefix of everything kept of one printer, with its closing slash."""
    return f"{IMAGES}/{safe_segment(printer_id)}/"


def job_prefix(printer_id: str, job_name: str | None) -> str:
    """The folder of all runs of one job name, with its closing slash."""
    return f"{printer_prefix(printer_id)}{job_segment(job_name)}/"


def frame_key(prefix: str, taken_at: float, counter: int) -> str:
    """The key of a frame in a job's folder; `taken_at` in seconds since 1970."""
    stamp = _stamp(taken_at)
    job = prefix.rstrip("/").rsplit("/", 1)[-1]
    return f"{prefix}{stamp}_{counter % 1_000_000:06d}_{job}.jpg"


def latest_key(printer_id: str) -> str:
    """The one frame of an idle printer that is overwritten each time (cloud)."""
    return f"{LATEST}/{safe_segment(printer_id)}.jpg"


_ASKED_FRAME = re.compile(rf"{LATEST}/.+~asked~[0-9a-f]{{16}}~([0-9]{{8}}T[0-9]{{6}})\.jpg")


def asked_frame_prefix(printer_id: str, wish: str) -> str:
    """How the key of a frame begins that was asked for by that wish; no other printer's frame lies there."""
    return f"{LATEST}/{safe_segment(printer_id)}~asked~{token_of(wish)}~"


def asked_frame_key(prefix: str, taken_at: float) -> str:
    return f"{prefix}{_stamp(taken_at)}.jpg"


def asked_frame_taken_at(key: str) -> float | None:
    """When the frame was taken (whole seconds), or None if it was not asked for."""
    found = _ASKED_FRAME.fullmatch(key)
    return None if found is None else stamp_seconds(found[1])


def film_key(prefix: str, made_at: float) -> str:
    """The key of a film made at that time, beside its frames."""
    return f"{prefix}timelapse_{_stamp(made_at)}.mp4"


FILM_NAMES = "timelapse_"
FILM_ENDING = ".mp4"


def film_made_at(key: str) -> float | None:
    """When the film of that key was made (whole seconds), or None if it is no film's key."""
    stamp = film_stamp_of(key) if key.endswith(FILM_ENDING) else None
    return None if stamp is None else stamp_seconds(stamp)


# Not `.jpg`: in a job's folder that is what its frames, and nothing else, are found by (`*.jpg`).
_THUMBNAIL_ENDING = "_thumb.jpeg"
_PHOTO_ENDING = "_photo.jpeg"
_FIRST_THUMBNAIL_ENDING = "_thumb.jpg"  # until 0.1.0
_FILM_NAME = re.compile(
    r"timelapse_([0-9]{8}T[0-9]{6})"
    rf"(?:\.mp4|{re.escape(_THUMBNAIL_ENDING)}|{re.escape(_PHOTO_ENDING)}|{re.escape(_FIRST_THUMBNAIL_ENDING)})"
)


def thumbnail_key(film: str) -> str:
    """The key of a film's thumbnail, beside it."""
    return film.removesuffix(".mp4") + _THUMBNAIL_ENDING


def photo_key(film: str) -> str:
    """The key of a job's last frame, kept beside its film for as long."""
    return film.removesuffix(".mp4") + _PHOTO_ENDING


def present_key(key: str) -> str:
    """The key that is given today to what lies under that one: thumbnails had another until 0.1.0."""
    name = key.rsplit("/", 1)[-1]
    if not (name.endswith(_FIRST_THUMBNAIL_ENDING) and _FILM_NAME.fullmatch(name)):
        return key
    return key.removesuffix(_FIRST_THUMBNAIL_ENDING) + _THUMBNAIL_ENDING


def film_stamp_of(key: str) -> str | None:
    """When the film was made whose key, or whose thumbnail's or photo's, that is (as in its name); None: of
    no film.
    """
    found = _FILM_NAME.fullmatch(key.rsplit("/", 1)[-1])
    return None if found is None else found[1]


def second_key(prefix: str, at: float) -> str:
    """Sorts before every frame of that second in that folder, and behind every earlier one.

    Raises ValueError or OverflowError for a time that no frame's name can carry.
    """
    return prefix + _stamp(at)


def is_key(key: str) -> bool:
    """Whether something may be stored under that key: no other way in or out than `images/` and `latest/`."""
    return _KEY.fullmatch(key) is not None


def taken_at_of(key: str) -> float | None:
    """When the frame of that key was taken (whole seconds), or None if it is no frame's key."""
    found = _FRAME_NAME.fullmatch(key.rsplit("/", 1)[-1])
    return None if found is None else stamp_seconds(found[1])


def stamp_seconds(stamp: str) -> float | None:
    """Seconds since 1970 of a time as it stands in names; None: it is none."""
    try:
        return datetime.strptime(stamp, _STAMP).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return None


def frame_key_floor(key: str) -> str:
    """The key of a frame, or of a pack of frames, up to its time and counter: what it sorts by."""
    folder, slash, name = key.rpartition("/")
    return folder + slash + name[:_ORDER_LENGTH]


def belongs_to(key: str, printer_id: str) -> bool:
    """Whether a key lies in that printer's own places and steps out of none of them."""
    if "\\" in key or "//" in key or not {".", ".."}.isdisjoint(key.split("/")):
        return False
    return key.startswith(printer_prefix(printer_id)) or key == latest_key(printer_id)


def is_lasting(key: str, printer_id: str) -> bool:
    """Whether it is that printer's own and always of the same picture: what lies at `latest/` is replaced."""
    return belongs_to(key, printer_id) and key != latest_key(printer_id)


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(math.floor(at), UTC).strftime(_STAMP)


PRINTERS = "printer/"
COLLECTORS = "collector/"
LISTINGS = "listing/"
CHATS = "chat/"
INSPECTIONS = "inspection/"


def printer_key(printer_id: str) -> str:
    """The record of one printer (written by the tracker)."""
    return PRINTERS + printer_id


def collector_key(collector_id: str) -> str:
    """The last report of a collector on itself (written by the tracker)."""
    return COLLECTORS + collector_id


def listing_key(collector_id: str) -> str:
    """The printers that a collector lists, where they are many (written by the tracker)."""
    return LISTINGS + collector_id


def sender_key(sender: str) -> str:
    """Which site a key of the edge is for, by the id of its user (written by `make edge-user`)."""
    return "sender/" + sender


def inspection_key(printer_id: str) -> str:
    """The inspection's memory of one printer (written by the inspection)."""
    return INSPECTIONS + printer_id


def chat_key(chat_id: str) -> str:
    """What is remembered of one chat (written by notify)."""
    return CHATS + token_of(chat_id)


def preferences_key(chat_id: str) -> str:
    """What the people of one chat have asked for (written by the chat's own part)."""
    return "preferences/" + token_of(chat_id)


def held_prefix(chat_id: str) -> str:
    """What was kept back from a chat, an item for each printer (written by notify)."""
    return f"held/{token_of(chat_id)}/"


def held_key(chat_id: str, printer_id: str) -> str:
    return held_prefix(chat_id) + token_of(printer_id)


def job_message_key(chat_id: str, printer_id: str) -> str:
    """The message of a printer's job that is edited (written by notify)."""
    return f"job_message/{token_of(chat_id)}/{token_of(printer_id)}"


def topic_key(chat_id: str, printer_id: str) -> str:
    """The topic of a printer in a chat (written by notify)."""
    return f"topic/{token_of(chat_id)}/{token_of(printer_id)}"


def reception_key(chat_id: str) -> str:
    """How it goes with what comes from the chat (written by who receives it)."""
    return "reception/" + token_of(chat_id)


def kept_of_chat(old_token: str, chat_id: str) -> tuple[tuple[str, str, bool], ...]:
    """Of all that is remembered of a chat but its own record: how the keys begin for the chat of that token
    and for this one, and whether it is kept for ever."""
    kinds = (
        ("preferences/", "", True),
        ("reception/", "", True),
        ("topic/", "/", True),
        ("held/", "/", False),
        ("job_message/", "/", False),
    )
    token = token_of(chat_id)
    return tuple((f"{kind}{old_token}{end}", f"{kind}{token}{end}", stays) for kind, end, stays in kinds)


def printer_chat(chat_id: str, printer_id: str) -> str:
    """Messages of one printer to a chat wait in a line of their own: the name of that line."""
    return f"{chat_id}/printer/{printer_id}"


def films_chat(chat_id: str) -> str:
    """The name of the line in which films wait, once all that was to be told before them was told."""
    return f"{chat_id}/films"


def effect_id(cause: str, *parts: str) -> str:
    """The id of what follows from a cause (a report, a check, an order): derived, so that a repeat is one.

    `parts` tell apart what follows from one cause: a kind, a code, a step, a category, never a position.
    """
    return "/".join((cause, *parts))


def done_key(effect_id: str) -> str:
    """The mark that an effect's outside call was made."""
    return "done/" + effect_id


def asked_key(effect_id: str) -> str:
    """The mark that an effect was asked for, where nothing else shows it."""
    return "asked/" + effect_id


def starts_key(effect_id: str) -> str:
    """How often an effect was begun by runs of which it is not known how they ended."""
    return "starts/" + effect_id


def told_key(printer_id: str) -> str:
    """What was told of one printer lately (written by notify)."""
    return "told/" + printer_id
