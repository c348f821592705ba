"""Why a printer pauses, in words: infra/docs/bambu-fields.md, "Why it paused"."""

from functions.shared.domain.error_codes import (
    ANNOUNCED_ONCE_CODES,
    CANCEL_CODES,
    error_of,
    is_prompt,
    is_stop,
    notable_codes,
)
from functions.shared.domain.faults import Severity, fault_of, faults_of, most_exact
from functions.shared.domain.print_error_words import PRINT_ERROR_WORDS
from functions.shared.domain.stages import PAUSE_STAGES, activity_before
from functions.shared.domain.status import PrinterStatus
from functions.shared.wording import reasons

# Some models send either of the two for the user and for the file: the stage knows which, if it says so.
_PAUSED_ON_PURPOSE = frozenset({"0300-8001", "0300-8013"})
_UNKNOWN_TO_THE_PRINTER = "0300-8000"

PAUSES_BY_USER = frozenset(
    {
        *(PAUSE_STAGES[stage] for stage in (16, 30)),
        *(PRINT_ERROR_WORDS[code] for code in _PAUSED_ON_PURPOSE),
    }
)


def pause_reason(facts: PrinterStatus, new_codes: tuple[str, ...]) -> str:
    """Why it pauses: the first of error, stage and health messages that has words, told as exactly as any.

    An error that stood there before this report, only advises or names no cause gives way to the others.
    """
    error = _cause_of_pause(facts, new_codes)
    health = _health_codes(facts, new_codes)
    faults = faults_of([*([error] if error is not None else []), *health])
    texts = {fault.code: fault.text for fault in faults if fault.text is not None}
    stage = PAUSE_STAGES.get(facts.stage) if facts.stage is not None else None
    if stage is not None:
        stage = most_exact(stage, texts.values())
    said_by_error = texts.get(error) if error is not None and _may_explain(error, new_codes) else None
    said_by_health = next((texts[code] for code in health if code in texts), None)
    if error is None or is_prompt(error) or error == _UNKNOWN_TO_THE_PRINTER:
        reasons = (stage, said_by_health, said_by_error)
    elif error in new_codes and error not in _PAUSED_ON_PURPOSE:
        reasons = (said_by_error, stage, said_by_health)
    else:
        reasons = (stage, said_by_error, said_by_health)
    return next((reason for reason in reasons if reason), None) or _without_words(facts, error, health)


def _cause_of_pause(facts: PrinterStatus, new_codes: tuple[str, ...]) -> str | None:
    """The error, unless it is what is left of a job that was cancelled or stopped before."""
    error = error_of(facts)
    is_left_over = error in CANCEL_CODES or (is_stop(error) and error not in new_codes)
    return None if is_left_over else error


def _may_explain(error: str, new_codes: tuple[str, ...]) -> bool:
    """A prompt waits for somebody if it came with the pause; what it advised before is no cause."""
    return not is_prompt(error) or (error in new_codes and error not in ANNOUNCED_ONCE_CODES)


def _health_codes(facts: PrinterStatus, new_codes: tuple[str, ...]) -> list[str]:
    """HMS codes that may be why: those that came with the pause first; of the others no mere notices."""
    codes = [code for code in notable_codes(facts) if code.startswith("HMS_")]
    came = [code for code in codes if code in new_codes]
    stood = [
        code for code in codes if code not in new_codes and fault_of(code).severity is not Severity.NOTICE
    ]
    return [*sorted(came, key=_level), *sorted(stood, key=_level)]


def _level(code: str) -> str:
    return code[14:18]


def _without_words(facts: PrinterStatus, error: str | None, health: list[str]) -> str:
    if error is not None and not is_prompt(error):
        return reasons.error(error)
    if health:
        return health[0]
    activity = activity_before(facts.stage)
    return reasons.paused_while(activity) if activity else reasons.UNKNOWN_PAUSE
