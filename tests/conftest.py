"""How the suite is loaded and shared out, and what holds for every test."""

import contextlib
import gc
import importlib
import os
import signal
import sys
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.support.aws.service_models import service_models_are_read_once
from tests.support.event_loop import connections_end_with_their_loop
from tests.support.open_databases import none_left_open

# The contracts are no test modules by name; their assertions shall explain themselves all the same.
pytest.register_assert_rewrite(
    "tests.support.contracts.queue", "tests.support.contracts.records", "tests.support.contracts.frames"
)

_ROOT = Path(__file__).parent.parent
# Beginnings of tests' names. What those of one beginning share takes long to make: they go to one worker.
_TOGETHER = (
    "tests/stack/deployed/",
    "tests/stack/test_build.py",
    "tests/functions/api/test_page_",  # one browser shows it to all of them
    "tests/functions/shared/aws/test_s3.py::TestALongJob",
    "tests/infra/grafana/",
)
# What is played in real time, starts programs or takes seconds: first, so that none is waited for at the end.
_LONG = (
    "tests/reliability/",
    "tests/infra/raspberry_pi/",
    "tests/performance/",
    "tests/e2e/test_",
    "tests/stack/test_valid.py",
    "tests/functions/tracker/test_properties.py",
    "tests/test_documents.py",
    "tests/test_subclasses.py",
)
# Of objects that were made, and of collections of younger ones: after these garbage is looked for.
_GARBAGE_THRESHOLDS = (10_000, 10, 50)

# How long an example takes is no matter of right and wrong, and the same examples are tried on every machine.
# New ones: `pytest --hypothesis-profile=explore`, and `make fuzz`.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.register_profile("explore", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# A shell that runs the suite in the background has it ignore Ctrl-C, and so would programs that tests start.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def no_connection_outlives_its_loop() -> Iterator[None]:
    with connections_end_with_their_loop():
        yield


@pytest.fixture(scope="session", autouse=True)
def models_of_services_are_read_once() -> Iterator[None]:
    with service_models_are_read_once():
        yield


@pytest.fixture(autouse=True)
def no_database_is_left_open() -> Iterator[None]:
    with none_left_open():
        yield


class Shares(LoadScopeScheduling):  # type: ignore[misc]
    """Each test goes to whoever is free, those that share something dear to one; the largest shares first."""

    def _split_scope(self, nodeid: str) -> str:
        return next((name for name in _TOGETHER if nodeid.startswith(name)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Shares:
    """Its own mark for that, xdist_group, has no effect under pytest 9.2."""
    return Shares(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: not item.nodeid.startswith(_LONG))


def pytest_collection_finish() -> None:
    """Ten thousand tests and their modules stay until the end, and no garbage is in them."""
    gc.freeze()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)


def pytest_collection(session: pytest.Session) -> None:
    """Each worker imports all test modules, from another one on: so each compiles a part, with its assertions
    rewritten, and reads what the others have compiled.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    is_whole = session.config.args == session.config.getini("testpaths")
    if workers == 1 or sys.dont_write_bytecode or not is_whole:
        return
    modules = [path.relative_to(_ROOT) for path in sorted((_ROOT / "tests").rglob("test_*.py"))]
    begin = len(modules) * int(os.environ["PYTEST_XDIST_WORKER"].removeprefix("gw")) // workers
    for path in modules[begin:] + modules[:begin]:
        with contextlib.suppress(Exception, pytest.skip.Exception):  # the collection says it
            importlib.import_module(".".join(path.with_suffix("").parts))


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
