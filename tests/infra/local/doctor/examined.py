"""A set-up of some variables, and what a check of the doctor finds in it."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from functions.shared.settings import load_settings
from infra.local.doctor.check import CheckResult, Setup
from infra.local.doctor.findings import Finding, Outcome

FINE, WARNING, FAULT, NOTHING = Outcome.FINE, Outcome.WARNING, Outcome.FAULT, Outcome.NOTHING


def setup_of(environment: Mapping[str, str], **more: Any) -> Setup:
    return Setup(load_settings(environment, "local"), environment, **more)


def by_subject(findings: Iterable[Finding]) -> dict[str, Finding]:
    return {finding.subject: finding for finding in findings}


def found_by(
    run: Callable[[Setup], CheckResult], environment: Mapping[str, str], **more: Any
) -> dict[str, Finding]:
    return by_subject(run(setup_of(environment, **more)).findings)


def outcomes(found: Mapping[str, Finding]) -> dict[str, Outcome]:
    return {subject: finding.outcome for subject, finding in found.items()}
