"""Why something happened, in the words of who noticed it: the tracker, liveness, an AI check, the films."""

from collections.abc import Mapping

NO_CONTACT = "No contact with the printer"
UNKNOWN_PAUSE = "The printer does not say why"


def error(code: str) -> str:
    return f"Error {code}"


def paused_while(activity: str) -> str:
    return f"Paused while {activity}, the printer does not say why"


def disk_was_full(lasted: str) -> str:
    return f"It was full for {lasted}"


def no_report(lasted: str) -> str:
    return f"No report for {lasted}"


def was_silent(lasted: str) -> str:
    return f"It was silent for {lasted}"


def interrupted(times: int) -> str:
    return f"making it was interrupted {times} times"


def frames_are_kept(cause: str, by_hand: str) -> str:
    return f"{cause}. The frames are kept; {by_hand}"


# By the word of the kind of defect.
DEFECTS: Mapping[str, str] = {
    "spaghetti": "loose filament (spaghetti)",
    "detached": "the part has come off the plate",
    "layer_shift": "layers are shifted",
    "blob_on_nozzle": "a blob of plastic on the nozzle",
    "severe_stringing": "severe stringing",
    "warping": "the part is warping off the plate",
    "other": "something looks wrong",
    "none": "nothing",
}


def checks_of_day_used_up(checks: int, budget: str) -> str:
    return f"All {checks} checks of today were made; the next comes after 00:00 UTC ({budget})."


def checks_of_job_used_up(checks: int, budget: str) -> str:
    return f"All {checks} checks of this print were made; there is none until it ends ({budget})."
