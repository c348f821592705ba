"""The settings: what cannot be used, what nobody reads, and which settings the other checks can rely on."""

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from collector.cloud_settings import read_cloud_settings
from functions.bridge.errors import ConfigurationError
from functions.bridge.settings import Settings, declarations, load_settings
from infra.local.doctor.finding import SETTINGS, Finding, fault, fine, warning

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
_ALIKE = 0.8
_FAMILIES = ("TELEGRAM_", "OPENROUTER_", "TIMELAPSE_", "AI_CHECK")
_ROUNDS = 10
CREDENTIALS = "the AWS credentials"
_ADVICE = "Correct it in .env or in the environment; the README's table says what it may be."


@dataclass(frozen=True, slots=True)
class ReadSettings:
    """What the other checks work with: settings without the faulty variables, and these by name.

    `region` and `collector` (its own settings) in cloud mode only.
    """

    settings: Settings
    faulty: frozenset[str]
    findings: tuple[Finding, ...]
    region: str | None = None
    collector: Settings | None = None


def is_cloud(environment: Mapping[str, str]) -> bool:
    """Whether the collector alone runs here, and the rest in AWS."""
    return any(environment.get(name, "").strip() for name in ("REPORTS_QUEUE_URL", "FRAMES_BUCKET"))


def read_settings(
    environment: Mapping[str, str], credential_faults: Callable[[], Sequence[str]] = tuple
) -> ReadSettings:
    """Judge all variables. A faulty one counts as not set for the other checks, which are told its name."""
    usable = dict(environment)
    faults: list[str] = []
    settings = Settings()
    for _ in range(_ROUNDS):
        try:
            settings = load_settings(usable, "local")
            break
        except ConfigurationError as error:
            faults += error.faults
            for name in {name for text in error.faults for name in variables_in(text)}:
                usable.pop(name, None)
    region, collector = None, None
    if is_cloud(environment):
        try:
            chosen = read_cloud_settings(environment, credential_faults)
            region, collector = chosen.region, chosen.settings
        except ConfigurationError as error:
            faults += error.faults
    faults = list(dict.fromkeys(faults))
    faulty = frozenset(name for text in faults for name in variables_in(text))
    if any(text.startswith("AWS") for text in faults):
        faulty |= {CREDENTIALS}
    findings = [_finding_of(text) for text in faults]
    findings += [_typo(name, ours) for name, ours in strangers(environment)]
    if not faults:
        findings.insert(0, fine(SETTINGS, "all", _count(environment)))
    return ReadSettings(settings, faulty, tuple(findings), region, collector)


def variables_in(text: str) -> set[str]:
    """The settings that a fault's text names, but for those in what it says of the remedy."""
    known = {declaration.variable for declaration in declarations()}
    return {word for word in _VARIABLE.findall(text) if word in known}


def strangers(environment: Mapping[str, str]) -> list[tuple[str, str]]:
    """Names that nobody reads and that look like one of ours, with the one that they look like."""
    ours = [declaration.variable for declaration in declarations()]
    found = []
    for name in sorted(set(environment) - set(ours)):
        alike = difflib.get_close_matches(name.upper(), ours, n=1, cutoff=_ALIKE)
        if not alike and name.upper().startswith(_FAMILIES):
            alike = difflib.get_close_matches(name.upper(), ours, n=1, cutoff=0.0)
        if alike:
            found.append((name, alike[0]))
    return found


def _typo(name: str, ours: str) -> Finding:
    return warning(SETTINGS, name, "nobody reads a variable of that name", f"Did you mean {ours}?")


def _finding_of(text: str) -> Finding:
    first, _, rest = text.partition(" ")
    if not _VARIABLE.fullmatch(first):
        return fault(SETTINGS, "", text, _ADVICE)
    advice = _ADVICE
    if text.startswith("TELEGRAM_CHAT_ID is needed"):
        advice = "`printer-bridge chat-id` shows it."
    if first.startswith(("AWS_", "REPORTS_QUEUE", "FRAMES_BUCKET")):
        advice = "The README says in `Edge credentials` and `In the cloud` where to get it."
    return fault(SETTINGS, first, text if rest.startswith(("and ", "or ")) else rest, advice)


def _count(environment: Mapping[str, str]) -> str:
    ours = {declaration.variable for declaration in declarations()}
    count = sum(bool(environment.get(name, "").strip()) for name in ours)
    if count == 0:
        return "nothing is set: the defaults count"
    return (
        "1 variable is set, and can be used" if count == 1 else f"{count} variables are set, and can be used"
    )
