"""What a printer uses in an hour, by name, and how much more it is among many."""

from tests.performance.cost.prices import Unit
from tests.performance.scale.hour import Hour

COUNTED: dict[str, tuple[Unit | str, ...]] = {
    "runs of the tracker": ("calls of tracker",),
    "runs of notify": ("calls of notify",),
    "runs of liveness": ("calls of liveness",),
    "requests to FIFO queues": (Unit.FIFO_REQUEST,),
    "reads of the table": ("GetItem of tracker", "GetItem of notify", "GetItem of liveness"),
    "queries of the table": ("Query of tracker", "Query of notify", "Query of liveness"),
    "read units": (Unit.READ_UNIT,),
    "writes to the table": ("PutItem of tracker", "PutItem of notify", "PutItem of liveness"),
    "write units": (Unit.WRITE_UNIT,),
    "bytes of reports": ("bytes of SendMessageBatch of edge",),
    "bytes read": (
        "bytes of GetItem of tracker",
        "bytes of Query of liveness",
        "bytes of GetItem of liveness",
    ),
    "bytes written": (
        "bytes of PutItem of tracker",
        "bytes of PutItem of notify",
        "bytes of PutItem of liveness",
    ),
    "bytes of logs": ("log bytes",),
}


def figures_of(hour: Hour) -> dict[str, float]:
    """For one printer."""
    counted = {name: sum(hour.each(it) for it in units) for name, units in COUNTED.items()}
    cpu = sum(hour.cpu.values()) / hour.printers * 1000
    return {**counted, "messages": hour.told / hour.printers, "CPU here (ms)": cpu}


def growth(small: Hour, large: Hour) -> dict[str, float]:
    """Each figure of a printer among many, by that of one among few."""
    few, many = figures_of(small), figures_of(large)
    return {name: many[name] / few[name] for name in few if few[name]}
