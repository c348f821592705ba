"""What a container of a function makes once: at its start in Lambda, at the first call elsewhere."""

import contextlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from time import time as wall_clock

from functions.bridge.aws.lambda_logs import LambdaLogs
from functions.bridge.aws.measures import Measures
from functions.bridge.aws.wiring import Wiring


@dataclass(frozen=True, slots=True)
class Container:
    """The parts that every function has."""

    wiring: Wiring
    logs: LambdaLogs
    measures: Measures


def make_container(program: str) -> Container:
    """From the environment as it is now. Raises ConfigurationError."""
    wiring = Wiring(os.environ, program, wall_clock)
    return Container(wiring, LambdaLogs(program, wiring.settings.log_level), Measures())


def start_early(make: Callable[[], object]) -> None:
    """In Lambda, make it while the handler is imported; what fails then fails again when it is called.

    A container's start has a whole processor for up to ten seconds, whatever the function's memory; the
    first call of a small function has a seventh of one.
    """
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        with contextlib.suppress(Exception):
            make()
