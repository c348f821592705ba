"""How the suite is loaded and shared out, and what holds for every test."""

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.support.event_loop import connections_end_with_their_loop
from tests.support.open_databases import none_left_open

# The contracts are no test modules by name; their assertions shall explain themselves all the same.
pytest.register_assert_rewrite(
    "tests.support.contracts.queue", "tests.support.contracts.records", "tests.support.contracts.frames"
)

_ONE_STACK = ("tests/stack/deployed/", "tests/stack/test_build.py")
_ONE_BROWSER = "tests/functions/api/test_page_"

# How long an example takes is no matter of right and wrong, and the same examples are tried on every machine.
# New ones: `pytest --hypothesis-profile=explore`, and `make fuzz`.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def no_connection_outlives_its_loop() -> Iterator[None]:
    with connections_end_with_their_loop():
        yield


@pytest.fixture(autouse=True)
def no_database_is_left_open() -> Iterator[None]:
    with none_left_open():
        yield


class CloudOnOneWorker(LoadScopeScheduling):  # type: ignore[misc]
    """Each test goes to whoever is free, those of the built and deployed stack to one: it is built once.

    So do those that look at the page: one browser shows it to all of them.
    """

    def _split_scope(self, nodeid: str) -> str:
        if nodeid.startswith(_ONE_BROWSER):
            return _ONE_BROWSER
        return _ONE_STACK[0] if nodeid.startswith(_ONE_STACK) else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> CloudOnOneWorker:
    """Its own mark for that, xdist_group, has no effect under pytest 9.2."""
    return CloudOnOneWorker(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Printers' names may hold half a surrogate pair, and so do logs: xdist loses its worker over one."""
    return _encodable((yield))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {name: _encodable(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_encodable(item) for item in value)
    return value
