"""Whether a printer is in the network: BambUI's one ping against the statuses that come. Pure."""

from functions.shared.domain.limits import BELIEVED_SECONDS


def presence_of(
    is_listed_online: bool | None, status_age: float | None, expected_for: float | None
) -> bool | None:
    """`is_listed_online` as BambUI's list has it; `status_age`: seconds since a status, None: none came.

    A status just received outranks a ping that was lost. `expected_for`: since when one is waited for of a
    printer that is at a job; before long nobody knows.
    """
    if is_listed_online is not False:
        return is_listed_online
    if status_age is not None:
        return status_age < BELIEVED_SECONDS
    return None if expected_for is not None and expected_for < BELIEVED_SECONDS else False
