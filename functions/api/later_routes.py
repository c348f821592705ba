"""Routes that are made when a request first asks for what no other route answers.

Past jobs and their figures are a quarter of the API, and seldom what a new container is started for. So the
first who asks for one of them waits for all of them, once in the container's life, and nobody else does.
"""

import threading
from collections.abc import Callable

from starlette.routing import BaseRoute, Match
from starlette.types import Scope


class LaterRoutes(BaseRoute):
    """Stands behind the routes there are, and matches nothing: those that it has made come after it."""

    def __init__(self, make: Callable[[], None]) -> None:
        self._make = make
        self._is_made = False
        self._lock = threading.Lock()

    def complete(self) -> None:
        """Make them, if they are not."""
        with self._lock:
            if not self._is_made:
                self._make()
                self._is_made = True

    def matches(self, scope: Scope) -> tuple[Match, Scope]:  # noqa: ARG002
        self.complete()
        return Match.NONE, {}
