"""All checks at the same time, each with a time-out; whatever happens in one, the others are shown."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from functions.shared.runtime.threads import run_in_daemon_thread
from infra.local.doctor.findings import CheckResult, fault, nothing

Look = Callable[[], Awaitable[CheckResult]]


@dataclass(frozen=True, slots=True)
class Area:
    """One part of the system: its name in the table, the settings it needs, the look, and its time-out."""

    check: str
    needs: tuple[str, ...]
    look: Look
    seconds: float


def in_thread(look: Callable[[], CheckResult]) -> Look:
    """A blocking look, in a thread that nobody waits for when its time is over."""

    async def result() -> CheckResult:
        return await run_in_daemon_thread(look)

    return result


async def run_checks(areas: Sequence[Area], faulty: frozenset[str]) -> list[CheckResult]:
    """In the order of the areas. One whose settings are faulty is not looked at, and that is said."""
    return list(await asyncio.gather(*(_run_check(area, faulty) for area in areas)))


async def _run_check(area: Area, faulty: frozenset[str]) -> CheckResult:
    wrong = [name for name in area.needs if name in faulty]
    if wrong:
        return CheckResult((nothing(area.check, "", f"not looked at: correct {' and '.join(wrong)} first"),))
    try:
        async with asyncio.timeout(area.seconds):
            return await area.look()
    except TimeoutError:
        return CheckResult(
            (
                fault(
                    area.check,
                    "",
                    f"no result within {area.seconds:.0f} s",
                    "Something hangs there: look at the network and at the disk, then try again.",
                ),
            )
        )
    except Exception as error:  # noqa: BLE001 - a look that breaks must not hide what the others found
        return CheckResult(
            (
                fault(
                    area.check,
                    "",
                    f"the look itself broke off ({type(error).__name__})",
                    "That is a defect of the doctor: please report it with this line.",
                ),
            )
        )
