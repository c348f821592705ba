"""What a soak allows, in one place, each with its reason."""

from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Bound:
    """`growth`: how much more the last third of the watched time may use than the first (medians, after the
    warm-up); `most`: what no moment of it may exceed. None: not judged."""

    name: str
    unit: str
    reason: str
    growth: float | None = None
    most: float | None = None
    is_needed: bool = True


def bounds(printers: int, minutes: float, kept_bytes: float, is_cloud: bool) -> list[Bound]:
    """`kept_bytes`: of the frames that the picker keeps in that time, by its own rule."""
    made = [
        Bound(
            "resident",
            "MiB",
            "the heap settles within minutes; a leak of one status in a hundred would be 12 MiB a minute",
            growth=(8 + printers * 0.04) * MIB,
            most=(110 + printers * 0.9) * MIB,
        ),
        Bound(
            "handles",
            "",
            "a socket a printer; forced reconnects hold two for a moment",
            growth=4 + printers * 0.02,
            most=90 + printers * 1.2,
        ),
        Bound("threads", "", "fixed by the program's parts, and a pool's first use", growth=3, most=60),
        Bound(
            "tasks",
            "",
            "four a printer while it connects, and the program's own",
            growth=4 + printers * 0.05,
            most=60 + printers * 5,
        ),
        Bound(
            "outbox_bytes",
            "MiB",
            "emptied all the time: a few seconds of frames at most",
            growth=1 * MIB,
            most=(4 + printers * 0.1) * MIB,
        ),
        Bound("outbox_reports", "", "the same", growth=5, most=20 + printers),
        Bound("outbox_age", "s", "a report waits ten seconds at most for its picture", growth=3, most=15),
        Bound(
            "outbox_disk",
            "MiB",
            "database and log are used again",
            growth=4 * MIB,
            most=(24 + printers * 0.2) * MIB,
        ),
        Bound(
            "waiting_bytes",
            "MiB",
            "what the load could not get rid of: nobody falls behind",
            growth=0.25 * MIB,
            most=max(2.0, printers * 0.02) * MIB,
        ),
        Bound(
            "lag",
            "s",
            "from a status's sending to the API or to the queue: a held percent and a picture's upload",
            growth=1,
            most=15 if is_cloud else 5,
        ),
    ]
    if not is_cloud:
        made += [
            Bound(
                "images",
                "MiB",
                "the frames that the picker keeps and films of a tenth of that; retention is a week",
                growth=1.3 * kept_bytes + 2 * MIB,
            ),
            Bound(
                "database",
                "MiB",
                "marks of what was said (kept 30 days), about 300 bytes each, and its log",
                growth=(4 + printers * minutes * 0.01) * MIB,
                most=(24 + printers * minutes * 0.01) * MIB,
            ),
        ]
    return made
