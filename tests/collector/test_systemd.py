"""What systemd gets over a real datagram socket."""

import os
import socket
from pathlib import Path

import pytest

from collector.systemd import Systemd
from tests.support.systemd_socket import SystemdSocket


def test_it_is_announced_all_it_has_to_know(tmp_path: Path) -> None:
    with SystemdSocket(tmp_path) as there:
        systemd = Systemd({"NOTIFY_SOCKET": str(there.path)})
        assert systemd.is_there
        systemd.ready()
        systemd.alive("all\nis well")
        systemd.stopping()
        assert there.take_all() == [
            {"READY": "1"},
            {"WATCHDOG": "1", "STATUS": "all is well"},
            {"STOPPING": "1", "STATUS": "ending"},
        ]


def test_a_socket_in_the_abstract_space_is_found() -> None:
    name = f"printer-bridge-test-{os.getpid()}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind("\0" + name)
        there.settimeout(10)
        Systemd({"NOTIFY_SOCKET": "@" + name}).ready()
        assert there.recv(100) == b"READY=1"


@pytest.mark.parametrize("address", ["", "relative", "/nowhere/at/all"])
def test_without_systemd_nothing_happens(address: str) -> None:
    systemd = Systemd({"NOTIFY_SOCKET": address})
    systemd.ready()
    systemd.alive("x")
    assert systemd.is_there is address.startswith("/")


def test_a_systemd_that_does_not_read_holds_up_nothing(tmp_path: Path) -> None:
    with SystemdSocket(tmp_path) as there:
        systemd = Systemd({"NOTIFY_SOCKET": str(there.path)})
        for _ in range(5000):
            systemd.alive("x" * 400)
        assert 0 < len(there.take_all()) < 5000


@pytest.mark.parametrize(
    ("environment", "interval"),
    [
        ({}, 20.0),
        ({"WATCHDOG_USEC": "180000000"}, 20.0),
        ({"WATCHDOG_USEC": "3000000"}, 1.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": str(os.getpid())}, 1.0),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "1"}, 20.0),
        ({"WATCHDOG_USEC": "soon"}, 20.0),
        ({"WATCHDOG_USEC": "0"}, 20.0),
    ],
)
def test_signs_of_life_come_three_times_as_often_as_asked(
    environment: dict[str, str], interval: float
) -> None:
    assert Systemd(environment).interval == interval
