"""Finds what code and documents refer to, and what of it does not exist: documents, headings, paths, modules,
names, settings, `make` targets, decisions. Pure: a repository is a value, so a planted fault can be tried.

Of Python only comments and strings are read; of everything else the whole text.
"""

import ast
import io
import posixpath
import re
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property

PYTHON, MARKDOWN = ".py", ".md"
_ROOTS = r"(?:collector|functions|infra|tests|\.ci)"
_FILE_ENDINGS = r"(?:py|md|sh|yaml|yml|json|jsonl|service|example|html|png|txt|toml)"
_LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s#]*)(?:#([^)\s]+))?\)")
_HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.MULTILINE)
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_FILE = re.compile(rf"(?<![\w/.~<>{{}}$:*-])((?:[\w.-]+/)*[\w-][\w.-]*\.{_FILE_ENDINGS})(?![\w/*-])")
_FOLDER = re.compile(rf"(?<![\w/.~<>{{}}$-])({_ROOTS}/(?:[\w.-]+/)*)(?![\w*<{{])")
_SECTION = re.compile(r"([\w./-]+\.md), (?:section )?[\"“`]([^\"”`]+)[\"”`]")
_ANCHOR = re.compile(r"(?<![\w(/])([\w./-]+\.md)#([\w-]+)")
_MODULE = re.compile(r"(?:`|-m )((?:collector|functions|infra|tests)(?:\.\w+)+)(?=[`\s]|$)")
_MAKE = re.compile(r"`make ([a-z]+(?:-[a-z]+)*)(?![\w-])")
_MAKE_LINE = re.compile(r"^(?:.*&& )?make ([a-z][a-z-]*)", re.MULTILINE)
_SETTING = re.compile(r"(?<![\w$.-])[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+(?![\w*.-])")
_WORD = re.compile(r"`([A-Za-z_]\w*)`")
_ASSIGNED = re.compile(r"^(?:`|#)?([A-Z][A-Z0-9_]*)=", re.MULTILINE)
_DECISION = re.compile(r"\bdecisions?\b[^.\n]{0,30}?\b(0\d{3})\b", re.IGNORECASE)
_VAGUE = re.compile(
    r"(?i:(?:protocol|field) note|section \d+ of the design|\bthe design\b)|\bREADME\b(?!\.md)"
)


@dataclass(frozen=True, slots=True)
class Fault:
    """A reference that leads nowhere."""

    path: str
    reference: str
    why: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reference!r}: {self.why}"


@dataclass(frozen=True, slots=True)
class Code:
    """What a Python file has: names in capitals, all names and words of its strings but for docstrings, and
    what a person reads in it (comments, of following lines as one, and strings)."""

    constants: frozenset[str]
    words: frozenset[str]
    passages: tuple[str, ...]


@dataclass(frozen=True)
class Repository:
    """`texts`: path from the root -> text; `others`: paths of files that are no text. `settings` are the
    declared ones, `variables` other names in capitals that texts may use (of AWS, of a shell)."""

    texts: Mapping[str, str]
    others: frozenset[str] = frozenset()
    settings: frozenset[str] = frozenset()
    variables: frozenset[str] = frozenset()

    @cached_property
    def files(self) -> frozenset[str]:
        return frozenset(self.texts) | self.others

    @cached_property
    def folders(self) -> frozenset[str]:
        found = set()
        for path in self.files:
            while path := posixpath.dirname(path):
                found.add(path)
        return frozenset(found)

    @cached_property
    def headings(self) -> Mapping[str, frozenset[str]]:
        """Document -> the texts of its headings."""
        return {
            path: frozenset(_plain(it) for it in _HEADING.findall(_FENCE.sub("", text)))
            for path, text in self.texts.items()
            if path.endswith(MARKDOWN)
        }

    @cached_property
    def targets(self) -> frozenset[str]:
        """Of the Makefile in the root."""
        return frozenset(re.findall(r"^([a-z][a-z-]*):", self.texts.get("Makefile", ""), re.MULTILINE))

    @cached_property
    def constants(self) -> frozenset[str]:
        """Names in capitals that the code itself has, and variables of template and units."""
        found: set[str] = set()
        for path, text in self.texts.items():
            if path.endswith(PYTHON):
                found |= code_of(text).constants
            elif path.endswith((".yaml", ".service")):
                found |= set(re.findall(r"\b([A-Z][A-Z0-9_]+)[:=]", text))
        return frozenset(name for name in found if name.isupper())

    @cached_property
    def capitals(self) -> frozenset[str]:
        """Every name in capitals that a text may use."""
        return self.settings | self.variables | self.constants

    @cached_property
    def words(self) -> frozenset[str]:
        """Names in code, words of its strings (but docstrings) and of other texts, names of files."""
        found: set[str] = set()
        for path, text in self.texts.items():
            if path.endswith(PYTHON):
                found |= code_of(text).words
            elif not path.endswith(MARKDOWN):
                found |= set(re.findall(r"\w+", text))
        return frozenset(found | {posixpath.basename(path).split(".")[0] for path in self.files})

    def anchors(self, document: str) -> frozenset[str]:
        return frozenset(_slug(heading) for heading in self.headings[document])

    def resolved(self, reference: str, path: str) -> str | None:
        """The file that a reference in that file means: from the root, else from the file's own
        folder; a document that is the only one of its name needs no folder."""
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), reference))
        found = next((it for it in (reference, beside) if it in self.files), None)
        if found is None and "/" not in reference and reference.endswith(MARKDOWN):
            named = [it for it in self.files if posixpath.basename(it) == reference]
            found = named[0] if len(named) == 1 else None
        return found

    def has_ending(self, reference: str) -> bool:
        """Whether some file's path ends so, as `printer/job.py` does within its package."""
        return any(path.endswith("/" + reference) for path in self.files)


def faults(repository: Repository) -> list[Fault]:
    """Every reference that does not resolve."""
    found: dict[Fault, None] = {}
    for path, text in repository.texts.items():
        for passage in dict.fromkeys(passages(path, text)):
            found |= dict.fromkeys(_faults_in(repository, path, passage))
    return list(found)


def passages(path: str, text: str) -> tuple[str, ...]:
    """The parts of a file that a person reads."""
    return code_of(text).passages if path.endswith(PYTHON) else (text,)


@cache
def code_of(source: str) -> Code:
    """Each file is parsed once: that is most of the work."""
    constants: set[str] = set()
    words: set[str] = set()
    strings: list[str] = []
    docstrings: set[int] = set()
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Module(body=body) | ast.ClassDef(body=body) | ast.FunctionDef(body=body):
                if body and isinstance(body[0], ast.Expr):
                    docstrings.add(id(body[0].value))
            case ast.Name(id=name) | ast.Attribute(attr=name):
                constants.add(name)
            case ast.JoinedStr(values=values):
                parts = [it.value if isinstance(it, ast.Constant) else "{}" for it in values]
                strings.append("".join(str(part) for part in parts))
            case ast.Constant(value=str(text)):
                strings.append(text)
                if id(node) not in docstrings:
                    words.update(re.findall(r"\w+", text))
        for field in ("id", "attr", "name", "arg"):
            if isinstance(word := getattr(node, field, None), str):
                words.add(word)
    return Code(frozenset(constants), frozenset(words), (*_comments(source), *strings))


def _comments(source: str) -> Iterator[str]:
    """Comments, those of following lines as one."""
    if "#" not in source:
        return
    block: list[str] = []
    last = 0
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        if block and token.start[0] != last + 1:
            yield " ".join(block)
            block = []
        block.append(token.string.lstrip("# "))
        last = token.start[0]
    if block:
        yield " ".join(block)


def _faults_in(repository: Repository, path: str, passage: str) -> Iterator[Fault]:
    is_markdown = path.endswith(MARKDOWN)
    flat = re.sub(r"\s+", " ", passage)
    if is_markdown:
        yield from _links(repository, path, passage)
    yield from _paths(repository, path, passage)
    yield from _sections(repository, path, flat)
    yield from _modules(repository, path, passage)
    yield from _settings(repository, path, passage)
    made = _MAKE.findall(passage) + (_MAKE_LINE.findall(passage) if is_markdown else [])
    for target in made:
        if target not in repository.targets:
            yield Fault(path, f"make {target}", "the Makefile has no such target")
    for number in _DECISION.findall(flat):
        if not any(posixpath.basename(it).startswith(f"{number}-") for it in repository.files):
            yield Fault(path, number, "no decision has that number")
    if path.endswith(PYTHON):
        for word in _WORD.findall(passage):
            if word not in repository.words and not word.startswith("HMS_"):
                yield Fault(path, word, "nothing has that name")
    if not is_markdown:
        for vague in _VAGUE.finditer(flat):
            yield Fault(path, vague[0], "name a document and its section")


def _links(repository: Repository, path: str, text: str) -> Iterator[Fault]:
    for target, anchor in _LINK.findall(_FENCE.sub("", text)):
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(path), target)) if target else path
        if beside not in repository.files and beside not in repository.folders:
            yield Fault(path, target, "no such file")
        elif anchor and (beside not in repository.headings or anchor not in repository.anchors(beside)):
            yield Fault(path, f"{target}#{anchor}", "no such heading")


def _paths(repository: Repository, path: str, passage: str) -> Iterator[Fault]:
    """Documents by any name, files of ours by their path; in documents also `job.py`, short for its path."""
    for reference in _FILE.findall(passage):
        is_ours = re.match(rf"{_ROOTS}/", reference) is not None
        if not (
            is_ours
            or reference.endswith(MARKDOWN)
            or (path.endswith(MARKDOWN) and reference.endswith(PYTHON))
        ):
            continue
        if repository.resolved(reference, path) is None and not (
            reference.endswith(PYTHON) and not is_ours and repository.has_ending(reference)
        ):
            yield Fault(path, reference, "no such file")
    for reference in _FOLDER.findall(passage):
        if reference.rstrip("/") not in repository.folders:
            yield Fault(path, reference, "no such folder")


def _sections(repository: Repository, path: str, flat: str) -> Iterator[Fault]:
    for document, heading in _SECTION.findall(flat):
        found = repository.resolved(document, path)
        if found is not None and _plain(heading) not in repository.headings[found]:
            yield Fault(path, f"{document}, {heading}", "no such heading")
    for document, anchor in _ANCHOR.findall(flat):
        found = repository.resolved(document, path)
        if found is not None and anchor not in repository.anchors(found):
            yield Fault(path, f"{document}#{anchor}", "no such heading")


def _modules(repository: Repository, path: str, passage: str) -> Iterator[Fault]:
    for dotted in _MODULE.findall(passage):
        parts = dotted.split(".")
        if parts[-1] == "env":  # a file of settings
            continue
        places = ["/".join(parts[: length + 1]) for length in range(len(parts))]
        is_package = all(place in repository.folders for place in places)
        if not is_package and not any(place + PYTHON in repository.files for place in places):
            yield Fault(path, dotted, "no such module")


def _settings(repository: Repository, path: str, passage: str) -> Iterator[Fault]:
    """In code only those that stand in a sentence: a string of one word is the code's own."""
    is_shown = path.endswith((MARKDOWN, ".example"))
    is_said = is_shown or (_is_program(path) and " " in passage.strip())
    names = _SETTING.findall(passage) if is_said else []
    if is_shown:
        names += [name for name in _ASSIGNED.findall(passage) if name not in names]
    for name in names:
        if name not in repository.capitals and not name.startswith(("AWS_", "HMS_")):
            yield Fault(path, name, "no such setting")


def _is_program(path: str) -> bool:
    return path.endswith(PYTHON) and not path.startswith("tests/")


def _plain(heading: str) -> str:
    """A heading's text without markup."""
    return re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").strip()


def _slug(heading: str) -> str:
    """The anchor that GitHub makes of a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
