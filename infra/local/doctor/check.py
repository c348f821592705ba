"""What a check of the doctor is, what it is given, and running all at the same time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from functions.shared.runtime.threads import run_in_daemon_thread
from functions.shared.settings import Settings
from infra.local.cli import PRINTER_SECONDS
from infra.local.config import wants_simulation
from infra.local.doctor.findings import Finding, fault, nothing


@dataclass(frozen=True, slots=True)
class Setup:
    """What the doctor looks at: settings without the faulty variables (`faulty`), and all variables.

    `is_cloud`: the collector alone runs here, the rest in AWS; only then there are its own settings
    (`collector`) and `region`. `seconds`: how long a printer may take for a status and an image;
    `is_sending`: whether a test message is asked for.
    """

    settings: Settings
    environment: Mapping[str, str] = field(default_factory=dict)
    faulty: frozenset[str] = frozenset()
    is_cloud: bool = False
    collector: Settings | None = None
    region: str | None = None
    seconds: float = PRINTER_SECONDS
    is_sending: bool = False

    @property
    def is_simulated(self) -> bool:
        return not self.is_cloud and wants_simulation(self.environment, self.settings.simulate)


@dataclass(frozen=True, slots=True)
class CheckResult:
    """What one check found, and by how many seconds the clock of who answered is ahead of ours."""

    findings: Sequence[Finding]
    ahead: float | None = None


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the system: its name in the table, the settings it needs, and what is done.

    `run` blocks, in a thread that nobody waits for after `seconds` (and those that printers may take, if it
    waits for these). `applies`: whether this set-up has that part.
    """

    name: str
    needs: tuple[str, ...]
    run: Callable[[Setup], CheckResult]
    seconds: float
    applies: Callable[[Setup], bool] = lambda _: True
    waits_for_printers: bool = False


async def run_checks(checks: Sequence[Check], setup: Setup) -> list[tuple[str, CheckResult]]:
    """Each with its name, in the order of the checks. Whatever happens in one, the others are shown."""
    chosen = [check for check in checks if check.applies(setup)]
    results = await asyncio.gather(*(_run(check, setup) for check in chosen))
    return [(check.name, result) for check, result in zip(chosen, results, strict=True)]


async def _run(check: Check, setup: Setup) -> CheckResult:
    """Of a check whose settings are faulty it is only said that it is left out."""
    wrong = [name for name in check.needs if name in setup.faulty]
    if wrong:
        return CheckResult([nothing("", f"not looked at: correct {' and '.join(wrong)} first")])
    seconds = check.seconds + (setup.seconds if check.waits_for_printers else 0)
    try:
        async with asyncio.timeout(seconds):
            return await run_in_daemon_thread(lambda: check.run(setup))
    except TimeoutError:
        found = f"no result within {seconds:.0f} s"
        advice = "Something hangs there: look at the network and at the disk, then try again."
    except Exception as error:  # noqa: BLE001 - a check that breaks must not hide what the others found
        found = f"the look itself broke off ({type(error).__name__})"
        advice = "That is a defect of the doctor: please report it with this line."
    return CheckResult([fault("", found, advice)])
