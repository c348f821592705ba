"""A crowd that holds connections open without ever asking for anything costs the watching nothing."""

import asyncio
import re
import socket
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from infra.simulator.server import SimulatedBambui
from tests.e2e.program import Program
from tests.e2e.test_program import get, printer, settings_of, start_a_print
from tests.support.timeouts import TIMEOUT

ADDRESSES = 12  # of this machine, all in 127.0.0.0/8
OF_EACH = 25


class PoorProgram(Program):
    descriptors = 256


def half_open(port: int, source: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port), TIMEOUT, (source, 0))
    connection.sendall(b"GET /api/printers HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    return connection


async def test_a_print_is_told_and_filmed_while_a_crowd_holds_the_port(tmp_path: Path) -> None:
    one = printer()
    async with SimulatedBambui([one]) as bambui:
        with (
            PoorProgram(tmp_path, **settings_of(bambui)) as program,
            ExitStack() as crowd,
        ):
            port = urlsplit(await asyncio.to_thread(lambda: program.url)).port
            assert port is not None
            await one.wait_for_clients()
            for number in range(ADDRESSES * OF_EACH):
                source = f"127.0.1.{1 + number % ADDRESSES}"
                crowd.enter_context(await asyncio.to_thread(half_open, port, source))
            await start_a_print(one, program)
            await asyncio.to_thread(program.wait_for, "print started")
            answer = await asyncio.to_thread(get, f"{program.url}/api/printers")
            assert answer.status_code == 200, program.err
            await one.push_status(gcode_state="RUNNING", mc_percent=50)
            await one.push_status(gcode_state="FINISH", mc_percent=100)
            await asyncio.to_thread(program.wait_for, "finished")
            assert await asyncio.to_thread(program.stop) == 0
    assert re.search("Too many open files|EMFILE|unable to open", program.err) is None, program.err
