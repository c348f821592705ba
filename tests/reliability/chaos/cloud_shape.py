"""One run over the edge alone: the real collector, AWS behind a shaken gate, the real functions in a process
of their own that is killed as well, and a shaken Telegram.

AWS is MiniStack: a FIFO queue of its own keeps order and repeats what is not deleted, as SQS does.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager

from functions.shared.domain.keys import job_prefix
from tests.reliability.chaos.asking import pushing
from tests.reliability.chaos.cloud_places import CloudPlaces
from tests.reliability.chaos.crowd import fixed_port
from tests.reliability.chaos.faulty_process import FaultyProcess
from tests.reliability.chaos.flaky_aws import FlakyAws
from tests.reliability.chaos.flaky_telegram import FlakyTelegram
from tests.reliability.chaos.plan import Fault, Kind
from tests.reliability.chaos.printers import SimulatedPrinters
from tests.reliability.chaos.run import DESCRIPTORS, Run, Scene
from tests.reliability.chaos.verdict import Evidence
from tests.support.aws.places import ministack

_FUNCTIONS = "tests.reliability.chaos.cloud_functions"


class CloudRun(Run):
    """A run of the shape `cloud`."""

    edge_folder = "edge"

    @asynccontextmanager
    async def scene(self, printers: SimulatedPrinters, telegram: FlakyTelegram) -> AsyncIterator[Scene]:
        with contextlib.ExitStack() as stack:
            aws = self.folder / "aws"
            aws.mkdir(parents=True)
            await asyncio.to_thread(stack.enter_context, ministack(aws))
            gate = stack.enter_context(FlakyAws(os.environ["AWS_ENDPOINT_URL"]))
            places = await asyncio.to_thread(CloudPlaces, self.plan, telegram.token, time.time)
            hook = {"CHAOS_WEBHOOK_PORT": str(fixed_port())} if self.plan.requests else {}
            functions = FaultyProcess(
                self.folder / "functions",
                _FUNCTIONS,
                **self.settings | places.functions | hook,
                TELEGRAM_CHAT_ID=telegram.chat_id,
                TELEGRAM_API_URL=telegram.url,
            )
            port = fixed_port()
            edge = FaultyProcess(
                self.folder / self.edge_folder,
                "collector",
                **self.settings | printers.settings | places.edge,
                AWS_ENDPOINT_URL=gate.url,
                STATUS_TIMEOUT_SECONDS=str(self.plan.status_timeout),
                METRICS_PORT=str(port),
            )
            edge.descriptors = DESCRIPTORS
            telegram.bot.is_local = True
            async with pushing(telegram):
                with functions, edge:
                    yield CloudScene(self, printers, telegram, edge, functions, port, gate, places)


class CloudScene(Scene):
    """The parts of a cloud run. What a killed function had in hand is hidden for half a minute, and the rest
    of its printer's messages waits for it."""

    over_a_fault = 40.0

    def __init__(
        self,
        run: Run,
        printers: SimulatedPrinters,
        telegram: FlakyTelegram,
        edge: FaultyProcess,
        functions: FaultyProcess,
        port: int,
        gate: FlakyAws,
        places: CloudPlaces,
    ) -> None:
        super().__init__(run, printers, telegram, edge, functions, port)
        self._gate, self._places = gate, places

    def suffering(self, fault: Fault) -> Coroutine[None, None, None]:
        match fault.kind:
            case Kind.KILL_FUNCTIONS:
                return self.sender.die(fault.seconds)
            case Kind.FREEZE_FUNCTIONS:
                return self.sender.freeze(fault.seconds)
            case kind if kind.name.startswith("AWS"):
                return self._gate.suffer(fault)
            case _:
                return super().suffering(fault)

    def evidence(self) -> Evidence:
        return self.evidence_with(
            lambda printer, job: self._places.frames_of(job_prefix(printer, job)),
            self._places.marks(),
            self._places.dead_letters(),
        )
