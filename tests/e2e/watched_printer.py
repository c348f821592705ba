"""A printer by hand for the replay: it says what a test lets it say, as BambUI would pass it on."""

from dataclasses import dataclass, field
from typing import Any

from functions.shared.domain.keys import taken_at_of
from functions.shared.messages.effects import Timelapse, decode_timelapse
from infra.simulator.telemetry import MergedStatus, whole_report
from tests.e2e.replay import Replay
from tests.support.consuming import taken
from tests.support.edge_material import image_text, jpeg, status_text

EVERY_SECONDS = 5.0


@dataclass
class WatchedPrinter:
    """A status and an image every five seconds while time passes in `go_on`."""

    replay: Replay
    status: MergedStatus = field(default_factory=lambda: MergedStatus(whole_report("A1M")))
    is_connected: bool = False
    images: int = 0
    orders: list[Timelapse] = field(default_factory=list)

    def connect(self) -> None:
        self.is_connected = True
        self.replay.session.opened()

    def hang_up(self) -> None:
        """BambUI is away; the printer goes on."""
        self.is_connected = False
        self.replay.session.closed()

    def say(self, **fields: Any) -> None:
        self.status.merge(fields)
        if self.is_connected:
            self._receive(status_text(**self.status.data))

    def show(self) -> None:
        self.images += 1
        if self.is_connected:
            self._receive(image_text(jpeg(self.images)))

    def go_on(self, seconds: float, to_percent: int | None = None, **fields: Any) -> None:
        """Time passes for the printer, with its percent on the way to that one."""
        begun = self.replay.now
        first = self.status.data.get("mc_percent", 0)
        for number in range(1, int(seconds / EVERY_SECONDS) + 1):
            self.replay.run_to(begun + number * EVERY_SECONDS)
            if to_percent is not None:
                share = number * EVERY_SECONDS / seconds
                fields["mc_percent"] = first + round((to_percent - first) * share)
            self.show()
            self.say(**fields)
        self.replay.run_to(begun + seconds)

    def start_print(self, name: str = "Hook", task_id: str = "0") -> None:
        self.say(gcode_state="PREPARE", subtask_name=name, task_id=task_id, mc_percent=0)
        self.go_on(20)
        self.say(gcode_state="RUNNING")

    def restart_program(self, away: float) -> None:
        """The program ends as by a kill and comes back later; the printer goes on meanwhile."""
        if self.is_connected:
            self.hang_up()
        self.replay.stop()
        self.replay.hand.skip(away)
        self.replay.start()

    def film_requests(self) -> list[Timelapse]:
        """The films that were asked for so far, in order."""
        self.orders += taken(self.replay.stores.timelapses, decode_timelapse)
        return list(self.orders)

    def frames_of(self, order: Timelapse) -> list[float]:
        """When the frames were taken that such a film is made of."""
        listed = self.replay.stores.frames.list(order.prefix, order.since, order.until)
        return [taken_at_of(frame.key) or 0.0 for frame in listed]

    def _receive(self, message: str) -> None:
        self.replay.session.received(message)
        self.replay.carry()
