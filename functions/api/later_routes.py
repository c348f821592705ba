"""Routes that are made when a request first asks for one of them.

Most of the API is seldom what a new container is started for: past jobs, the page, pictures and films, which
in the cloud have addresses of their own. So the first who asks for one of a kind waits for those of its kind,
once in the container's life, and nobody else does.
"""

import threading
from collections.abc import Callable

from starlette.routing import BaseRoute, Match, Router
from starlette.types import Scope

from functions.api.middleware import route_path


class LaterRoutes(BaseRoute):
    """Stands where its routes will stand, matches nothing, and makes them before it is their turn.

    `make` adds them to the router. `concerns`: whether a path may be one of theirs; without it, every path
    that comes as far as this.
    """

    def __init__(
        self, router: Router, make: Callable[[], None], concerns: Callable[[str], bool] = bool
    ) -> None:
        self._router = router
        self._make = make
        self._concerns = concerns
        self._is_made = False
        self._lock = threading.Lock()

    def complete(self) -> None:
        """Make them, if they are not."""
        with self._lock:
            if self._is_made:
                return
            routes = self._router.routes
            before = len(routes)
            self._make()
            made = routes[before:]
            del routes[before:]
            place = routes.index(self) + 1
            routes[place:place] = made
            self._is_made = True

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        if self._concerns(route_path(scope["path"], scope.get("root_path", ""))):
            self.complete()
        return Match.NONE, {}
