"""The recordings through reading, session, outbox and uploader, as a process of its own on a poorer machine:
`python -m tests.collector.edge_replay FOLDER BLOCKED...`

BLOCKED are modules that cannot be imported there. Says which are loaded in the end, then what arrives at the
remote backend, one line of JSON each.
"""

import hashlib
import json
import sys
from pathlib import Path

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
    from collector.printer.policy import SessionPolicy
    from collector.printer.reporting import ReportRules
    from collector.printer.watchdog import WatchdogRules
    from functions.shared.live import Live
    from functions.shared.messages.report import encode_report
    from tests.support.clock import HandClock
    from tests.support.memory_backend import MemoryFrames, MemoryQueue
    from tests.support.recordings import load_recording
    from tests.support.stepped_edge import SteppedEdge

    clock = HandClock()
    outbox = Outbox(folder, 100_000_000, clock.wall, clock.monotonic)
    policy = SessionPolicy(WatchdogRules(60, 300, 30), ReportRules(), film_budget=RULES_FILM_BUDGET)
    live, queue, frames = Live(), MemoryQueue(), MemoryFrames()
    edge = SteppedEdge(outbox, clock, name, policy, frames, queue, live=live)
    edge.session.opened()
    begun = clock.monotonic()
    for seconds, message in load_recording(name):
        clock.pass_time(max(0.0, begun + seconds - clock.monotonic()))
        edge.session.tick()
        if "type" in message:
            edge.session.received(json.dumps(message, separators=(",", ":")))
        edge.carry()
    shown = live.frame(name)
    outbox.close()
    lines = [encode_report(report).replace(report.collector_id, "c") for report in queue.reports]
    lines += [f"{key} {hashlib.sha256(data).hexdigest()}" for key, data in sorted(frames.stored.items())]
    return [*lines, f"live {hashlib.sha256(shown.data if shown else b'').hexdigest()}"]


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
