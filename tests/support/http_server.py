"""As much of an HTTP/1.1 server as stand-ins need, cheap enough to keep up: requests in, answers out."""

import asyncio
import contextlib
import json
import socket
import sys
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass

_HEAD_LIMIT = 64 * 1024


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    body: bytes
    status: int = 200
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()


def json_answer(value: object) -> Answer:
    return Answer(json.dumps(value).encode())


async def read_request(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> Request | None:
    """The next request of a connection; None at its end. Asks for a body that waits to be asked for."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    first, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = first.split(" ", 2)
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in lines if line)
    }
    if headers.get("expect", "").lower() == "100-continue":
        writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    if headers.get("transfer-encoding", "").lower() == "chunked":
        body = await _read_chunks(reader)
    else:
        body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, path, headers, body)


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readline(), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    while (await reader.readline()).strip():
        pass  # trailers
    return body


async def write_answer(writer: asyncio.StreamWriter, answer: Answer) -> None:
    lines = [f"HTTP/1.1 {answer.status} .", f"content-type: {answer.content_type}"]
    lines += [f"content-length: {len(answer.body)}", *(f"{name}: {value}" for name, value in answer.headers)]
    writer.write(("\r\n".join(lines) + "\r\n\r\n").encode() + answer.body)
    await writer.drain()


async def answer_all(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, answer: Callable[[Request], Answer]
) -> None:
    """Every request of a connection, one after another."""
    with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
        while (request := await read_request(reader, writer)) is not None:
            await write_answer(writer, answer(request))
    writer.close()


async def serve_until_closed(
    connected: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> None:
    """On a free port of this machine."""
    async with await asyncio.start_server(
        connected, "127.0.0.1", 0, limit=_HEAD_LIMIT, backlog=1024
    ) as server:
        await say_port_until_closed(server.sockets)


async def say_port_until_closed(sockets: Iterable[socket.socket]) -> None:
    """The port that is listened on, on stdout; returns when stdin is closed."""
    sys.stdout.write(f"{next(iter(sockets)).getsockname()[1]}\n")
    sys.stdout.flush()
    loop = asyncio.get_running_loop()
    closed = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), closed.set)
    await closed.wait()
    loop.remove_reader(sys.stdin.fileno())


def free_port() -> int:
    """A port of this machine on which nobody listens now."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port
