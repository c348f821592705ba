"""The recordings through reading, session, outbox and uploader, as a process of its own on a poorer machine:
`python -m tests.collector.edge_replay FOLDER BLOCKED...`

BLOCKED are modules that cannot be imported there. Says which are loaded in the end, then what arrives at the
remote backend, one line of JSON each.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import cast

RULES_FILM_BUDGET = 1350


def main(folder: Path, blocked: list[str]) -> None:
    for name in blocked:
        sys.modules[name] = None  # type: ignore[assignment]
    from tests.support.recordings import RECORDINGS

    lines = [line for name in RECORDINGS for line in replay(folder / name, name)]
    loaded = sorted(name for name in ("msgspec", "pybase64", "uvloop", "PIL") if sys.modules.get(name))
    sys.stdout.write(json.dumps(loaded) + "\n")
    sys.stdout.writelines(line + "\n" for line in lines)


def replay(folder: Path, name: str) -> list[str]:
    """What of that recording is shipped: reports without the collector's random name, frames by digest."""
    from collector.outbox.outbox import Outbox
    from collector.outbox.uploader import Uploader
    from collector.outbox.writer import OutboxWriter
    from collector.printer.policy import SessionPolicy
    from collector.printer.reporting import ReportRules
    from collector.printer.session import Session
    from collector.printer.watchdog import WatchdogRules
    from functions.shared.live import Live
    from functions.shared.messages.report import encode_report
    from tests.support.clock import HandClock
    from tests.support.direct_writer import DirectWriter
    from tests.support.recordings import load_recording
    from tests.support.remote_backend import FarFrames, FarQueue

    clock = HandClock()
    outbox = Outbox(folder, 100_000_000, clock.wall, clock.monotonic)
    live = Live()
    session = Session(
        name,
        SessionPolicy(WatchdogRules(60, 300, 30), ReportRules(), film_budget=RULES_FILM_BUDGET),
        cast("OutboxWriter", DirectWriter(outbox)),
        collector_id="",
        job=None,
        live=live,
        clock=clock.wall,
        monotonic=clock.monotonic,
        call_later=clock.call_later,
    )
    session.opened()
    begun = clock.monotonic()
    queue, frames = FarQueue(), FarFrames()
    uploader = Uploader(outbox, frames, queue, monotonic=clock.monotonic)
    for seconds, message in load_recording(name):
        clock.pass_time(max(0.0, begun + seconds - clock.monotonic()))
        session.tick()
        if "type" in message:
            session.received(json.dumps(message, separators=(",", ":")))
        while uploader.upload_once() == 0.0:
            pass
    shown = live.frame(name)
    outbox.close()
    lines = [encode_report(report).replace(report.collector_id, "c") for report in queue.reports]
    lines += [f"{key} {hashlib.sha256(data).hexdigest()}" for key, data in sorted(frames.stored.items())]
    return [*lines, f"live {hashlib.sha256(shown.data if shown else b'').hexdigest()}"]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
