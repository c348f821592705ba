"""The settings: what cannot be used, what nobody reads, and which settings the other checks can rely on."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from collector.config import read_cloud_settings
from functions.shared.errors import ConfigurationError
from functions.shared.settings import Settings, declarations, default_hosts, load_settings
from infra.local.config import unknown_settings
from infra.local.doctor.check import Setup
from infra.local.doctor.findings import Finding, fault, fine, nothing, warning

_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]+")
_ROUNDS = 10
CREDENTIALS = "the AWS credentials"
_ADVICE = "Correct it in .env or in the environment; infra/docs/settings.md says what it may be."
_ADVICE_FOR_ALL = "Correct them in .env or in the environment; infra/docs/settings.md says what they may be."


def read_settings(
    environment: Mapping[str, str], credential_faults: Callable[[], Sequence[str]] = tuple
) -> tuple[Setup, list[Finding]]:
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
    is_cloud = any(environment.get(name, "").strip() for name in ("REPORTS_QUEUE_URL", "FRAMES_BUCKET"))
    if is_cloud:
        try:
            chosen = read_cloud_settings(environment, credential_faults)
            region, collector = chosen.region, chosen.settings
        except ConfigurationError as error:
            faults += error.faults
    faults = list(dict.fromkeys(faults))
    faulty = {name for text in faults for name in variables_in(text)}
    if any(text.startswith("AWS") for text in faults):
        faulty.add(CREDENTIALS)
    findings = _advised_once([_finding_of(text) for text in faults])
    typos = [
        warning(name, "nobody reads a variable of that name", f"Did you mean {ours}?")
        for name, ours in unknown_settings(environment)
    ]
    if not faults:
        findings.append(fine("all", _count(environment, bool(typos))))
    setup = Setup(settings, environment, frozenset(faulty), is_cloud, collector, region)
    hosts = default_hosts(collector or settings, has_printers=not setup.is_simulated)
    defaults = [nothing("default addresses", f"not set, so these are asked: {hosts}")] if hosts else []
    return setup, [*findings, *typos, *defaults]


def variables_in(text: str) -> set[str]:
    """The settings that a fault's text names, but for those in what it says of the remedy."""
    known = {declaration.variable for declaration in declarations()}
    return {word for word in _VARIABLE.findall(text) if word in known}


def _finding_of(text: str) -> Finding:
    first, _, rest = text.partition(" ")
    if not _VARIABLE.fullmatch(first):
        return fault("", text, _ADVICE)
    advice = _ADVICE
    if text.startswith("TELEGRAM_CHAT_ID is needed"):
        rest, advice = rest.partition(" (")[0], "`printer-bridge chat-id` shows it."
    if first.startswith(("AWS_", "REPORTS_QUEUE", "FRAMES_BUCKET")):
        advice = "infra/docs/operations.md, `Edge credentials`, says where to get it."
    return fault(first, text if rest.startswith(("and ", "or ")) else rest, advice)


def _advised_once(findings: Sequence[Finding]) -> list[Finding]:
    """What counts for several of them is said below the last of these."""
    alike = [place for place, finding in enumerate(findings) if finding.advice == _ADVICE]
    if len(alike) < 2:
        return list(findings)
    shown = dict.fromkeys(alike, "") | {alike[-1]: _ADVICE_FOR_ALL}
    return [replace(it, advice=shown.get(place, it.advice)) for place, it in enumerate(findings)]


def _count(environment: Mapping[str, str], has_typos: bool) -> str:
    ours = {declaration.variable for declaration in declarations()}
    count = sum(bool(environment.get(name, "").strip()) for name in ours)
    if count == 0:
        what = "no setting that is known" if has_typos else "nothing"
        return f"{what} is set: the defaults count"
    return (
        "1 variable is set, and can be used" if count == 1 else f"{count} variables are set, and can be used"
    )
