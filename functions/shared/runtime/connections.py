"""Who may be connected to a server of ours: so many in all, so many from one address, each for so long.

Anybody in the network may knock. The servers stand in the process that watches the printers: what strangers
can hold of it (descriptors, memory) must have a bound, and whoever is one of a few must still get in.
"""

from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address
from typing import Generic, Protocol, TypeVar

# A home's browsers, Prometheus and a reverse proxy together stay far below.
MOST_CONNECTIONS = 256
MOST_OF_ONE_ADDRESS = 64
_SHARE_OF_DESCRIPTORS = 4
_FEWEST = 8
_CROWD = 8  # browsers open six to one server
_BACKLOG = 128
_HOME_NETWORK_BITS = 64  # one subscriber of IPv6 has all the addresses of such a network


class Connection(Protocol):
    """What a room holds."""

    @property
    def is_answering(self) -> bool:
        """Whether a request of it is being answered."""
        ...

    def cut(self) -> None:
        """End it at once."""
        ...


ConnectionT = TypeVar("ConnectionT", bound=Connection)


class ConnectionRoom(Generic[ConnectionT]):
    """Of one server, in one thread. `refused` counts those that were turned away or had to go.

    When all places are taken, a newcomer gets one from the address that holds most of them, if that has more
    than the newcomer's own. One that is being answered is taken away only from a crowd, more than a browser
    has: whoever takes an answer drop by drop would keep it for as long as he likes.
    """

    def __init__(self, most: int = MOST_CONNECTIONS, most_of_one_address: int = MOST_OF_ONE_ADDRESS) -> None:
        self._most = most
        self._most_of_one_address = most_of_one_address
        self._held: dict[str, dict[ConnectionT, None]] = {}  # the oldest first
        self._count = 0
        self.refused = 0

    @property
    def backlog(self) -> int:
        """How many may wait to be accepted: all of them are at once, and each then has a descriptor."""
        return min(_BACKLOG, self._most)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[ConnectionT]:
        return iter([it for own in self._held.values() for it in own])

    def enter(self, connection: ConnectionT, address: str) -> bool:
        """Whether there is a place for it. Otherwise it must be ended, and does not `leave`."""
        home = home_of(address)
        own = len(self._held.get(home, ()))
        is_refused = own >= self._most_of_one_address
        if not is_refused and self._count >= self._most:
            is_refused = not self._make_place(own)
        if is_refused:
            self.refused += 1
            return False
        self._held.setdefault(home, {})[connection] = None
        self._count += 1
        return True

    def leave(self, connection: ConnectionT, address: str) -> None:
        """Its place is free again; one that has none already changes nothing."""
        home = home_of(address)
        own = self._held.get(home)
        if own is None or connection not in own:
            return
        del own[connection]
        self._count -= 1
        if not own:
            del self._held[home]

    def _make_place(self, newcomers: int) -> bool:
        most = max(self._held.values(), key=len)
        if len(most) <= newcomers + 1:
            return False
        oldest = next((it for it in most if not it.is_answering), None)
        if oldest is None:
            if len(most) <= _CROWD:
                return False
            oldest = next(iter(most))
        del most[oldest]
        self._count -= 1
        self.refused += 1
        oldest.cut()
        return True


def places_for(descriptors: int) -> tuple[int, int]:
    """How many connections in all and of one address leave most of that many descriptors to the watching."""
    most = max(_FEWEST, min(MOST_CONNECTIONS, descriptors // _SHARE_OF_DESCRIPTORS))
    return most, min(MOST_OF_ONE_ADDRESS, most // 2)


def home_of(address: str) -> str:
    """What counts as one address: an IPv4 address, a network of IPv6."""
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return str(int(parsed) >> _HOME_NETWORK_BITS)
