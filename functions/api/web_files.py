"""The page's files as they are sent: the modules of `functions/api/web` as one script, the style in the page.

A gateway in a new account gives a page and one file at once, not twenty (decision 0020). Nothing is built:
the files are read and put together when they are first asked for.
"""

import base64
import functools
import gzip
import hashlib
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import PurePosixPath

from starlette.responses import Response

from functions.api.picture_answer import matches
from functions.shared.value_class import dataclass

PREFIX = "/web/"
SCRIPT = "app.js"
_STYLE = "style.css"
_WORKER = "service_worker.js"
_TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".woff2": "font/woff2",
}
_COMPRESSED = (".js", ".webmanifest", ".txt")
_SERVED = (".png", ".txt", ".webmanifest", ".woff2")
_LEVEL = 9
_FOREVER = "public, max-age=31536000, immutable"  # its version stands in its address
_A_DAY = "public, max-age=86400"
_ASK = "no-cache"  # kept, and asked for whether it is still the same
_IMPORT = re.compile(r'^import \{([^}]*)\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile(r"^export (?=(?:async )?(?:function|class|const) (\w+))", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class _File:
    content: bytes
    compressed: bytes | None
    media_type: str
    tag: str


class WebFiles:
    """All that a browser loads without the key.

    `pictures_from`: the origin of another server that has its pictures and films.
    """

    def __init__(self, pictures_from: str | None = None) -> None:
        self._pictures = " ".join(("'self'", "blob:", *([pictures_from] if pictures_from else [])))
        self.names = (SCRIPT, _WORKER, *(it.name for it in _folder().iterdir() if it.name.endswith(_SERVED)))

    @property
    def paths(self) -> frozenset[str]:
        return frozenset(PREFIX + name for name in self.names)

    def page(self, if_none_match: str | None, encodings: str) -> Response:
        """The page itself, under a policy that lets nothing work but its own script and style."""
        file, style = _page()
        headers = {"Content-Security-Policy": self._policy(style), "Cache-Control": _ASK}
        return _answer(file, headers, if_none_match, encodings)

    def file(
        self, name: str, version: str | None, if_none_match: str | None, encodings: str
    ) -> Response | None:
        """One of its files; None: there is none of that name. `version`: of its address."""
        if name not in self.names:
            return None
        file = _named(name)
        headers = {"Cache-Control": _A_DAY}
        if name == SCRIPT:
            headers["Cache-Control"] = _FOREVER if version == _version(file) else _ASK
        elif name == _WORKER:
            # It may work for the page above its own folder.
            headers |= {"Cache-Control": _ASK, "Service-Worker-Allowed": "../"}
            headers["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
        return _answer(file, headers, if_none_match, encodings)

    def _policy(self, style: str) -> str:
        return "; ".join(
            (
                "default-src 'none'",
                "script-src 'self'",
                f"style-src '{style}'",
                f"img-src {self._pictures} data:",
                f"media-src {self._pictures}",
                "font-src 'self'",
                "connect-src 'self'",
                "manifest-src 'self'",
                "worker-src 'self'",
                "require-trusted-types-for 'script'",
                "trusted-types shell",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'",
            )
        )


def joined(modules: Mapping[str, str], entry: str) -> str:
    """ES modules by their names as one script, each in a function of its own, those it imports before it.

    They import names of each other as they are, in a line or more that begins it, and export declarations.
    Raises ValueError for a circle, KeyError for a module that there is not.
    """
    done: dict[str, str] = {}

    def add(name: str, above: tuple[str, ...]) -> None:
        if name in above:
            raise ValueError(f"modules import each other in a circle: {' '.join((*above, name))}")
        if name in done:
            return
        text = modules[name]
        for match in _IMPORT.finditer(text):
            add(match[2], (*above, name))
        exported = [match[1] for match in _EXPORT.finditer(text)]
        body = _IMPORT.sub(lambda it: f"const {{{it[1].replace(' as ', ': ')}}} = ${it[2]};\n", text)
        body = _EXPORT.sub("", body)
        done[name] = f"const ${name} = (() => {{\n{body}return {{ {', '.join(exported)} }};\n}})();\n"

    add(entry, ())
    return "".join(done.values())


def modules() -> dict[str, str]:
    """The page's own, by name."""
    return {
        it.name.removesuffix(".js"): it.read_text(encoding="utf-8")
        for it in _folder().iterdir()
        if it.name.endswith(".js") and it.name != _WORKER
    }


def _folder() -> "resources.abc.Traversable":
    return resources.files("functions.api").joinpath("web")


def _read(name: str) -> bytes:
    return _folder().joinpath(name).read_bytes()


@functools.cache
def _named(name: str) -> _File:
    content = joined(modules(), "app").encode() if name == SCRIPT else _read(name)
    ending = PurePosixPath(name).suffix
    return _file(content, _TYPES[ending], is_text=ending in _COMPRESSED)


@functools.cache
def _page() -> tuple[_File, str]:
    """The page with its style in it, and the style's hash."""
    style = _read(_STYLE).decode()
    html = _read("index.html").decode()
    html = html.replace(f'<link rel="stylesheet" href="web/{_STYLE}">', f"<style>{style}</style>")
    html = html.replace(f'src="web/{SCRIPT}"', f'src="web/{SCRIPT}?v={_version(_named(SCRIPT))}"')
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return _file(html.encode(), "text/html; charset=utf-8", is_text=True), f"sha256-{digest}"


def _file(content: bytes, media_type: str, is_text: bool) -> _File:
    compressed = gzip.compress(content, _LEVEL, mtime=0) if is_text else None
    return _File(content, compressed, media_type, hashlib.sha256(content).hexdigest()[:32])


def _version(file: _File) -> str:
    return file.tag[:12]


def _answer(file: _File, headers: dict[str, str], if_none_match: str | None, encodings: str) -> Response:
    is_compressed = file.compressed is not None and "gzip" in encodings.lower()
    headers = {**headers, "ETag": f'W/"{file.tag}"', "Vary": "Accept-Encoding"}
    if if_none_match is not None and matches(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    if is_compressed:
        headers["Content-Encoding"] = "gzip"
    content = file.compressed if is_compressed and file.compressed is not None else file.content
    return Response(content, headers=headers, media_type=file.media_type)
