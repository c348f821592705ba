"""Untrusted names (printers, jobs) become keys, paths, group ids and labels here and nowhere else."""

import hashlib
import re
import unicodedata

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
    shown = "".join(character if character.isprintable() else "?" for character in name[:_LABEL_LIMIT])
    if shown == name and name.strip() and "~" not in name:
        return name
    return f"{shown.strip() or 'name'}~{_hex(name)[:12]}"


def digest(*parts: str) -> str:
    """Hex digest (64 characters) of parts of any content: fit for group and deduplication ids."""
    return _hex("".join(f"{len(part)}:{part}" for part in parts))


def _hex(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
