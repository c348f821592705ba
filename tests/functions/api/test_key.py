"""With API_KEY set all data ask for it; the pages, which hold none, load without."""

import pytest

from functions.api.middleware import HEADER
from tests.functions.api.bridge_data import NOW, RUNNING, BridgeData, asking
from tests.functions.api.serving import served
from tests.support.edge_material import jpeg

KEY = "söme key/with+signs"
GUARDED = [
    "/docs/",
    "/docs/oauth2-redirect",
    "/openapi.json",
    "/redoc",
    "/api",
    "/api//",
    "/api/overview",
    "/api/printers",
    "/api/printers/",
    "/api/health",
    "/api/printer/P1",
    "/api/printer/P1/image",
    "/api/printer/P1/film",
    "/api/printer/P1/film.mp4",
    "/api/printer/..%2F",
    "/api/printer/%2e%2e/",
    "/api/%2e",
    "//api/",
    "/nothing",
]


@pytest.fixture
def filled(bridge: BridgeData) -> BridgeData:
    bridge.put_live("P1", RUNNING | {"subtask_name": "secret job"}, NOW)
    bridge.put_image("P1", jpeg(), NOW)
    return bridge


def test_without_the_key_all_data_are_refused_and_nothing_is_told(filled: BridgeData) -> None:
    with served(filled.app(KEY)) as server:
        for path in GUARDED:
            for method in ("GET", "HEAD", "POST", "OPTIONS", "DELETE"):
                answer = server.ask(path, method)
                assert answer.status == 401, (method, path)
                assert b"P1" not in answer.body
                assert b"secret job" not in answer.body
                assert KEY.encode() not in answer.body
                assert answer.headers["X-Content-Type-Options"] == "nosniff"
                assert "Location" not in answer.headers
        opened = server.ask("/api/")
        assert (opened.status, opened.body) == (200, b"OK")


async def test_the_refusal_says_what_to_send(filled: BridgeData) -> None:
    async with asking(filled.app(KEY)) as client:
        response = await client.get("/api/printers")
    assert response.json() == {"detail": "API key missing or wrong: send it in the header x-api-key"}


@pytest.mark.parametrize("wrong", ["", " ", KEY[:-1], KEY + "x", KEY.upper(), "ÿ"])
async def test_a_wrong_key_is_as_good_as_none(filled: BridgeData, wrong: str) -> None:
    async with asking(filled.app(KEY)) as client:
        headers = {b"x-api-key": wrong.encode()}
        assert (await client.get("/api/printers", headers=headers)).status_code == 401


async def test_the_key_opens_everything(filled: BridgeData) -> None:
    async with asking(filled.app(KEY)) as client:
        client.headers = {b"x-api-key": KEY.encode()}
        for path in (
            "/openapi.json",
            "/api/overview",
            "/api/printers",
            "/api/health",
            "/api/printer/P1/image",
        ):
            assert (await client.get(path)).status_code == 200, path


async def test_the_key_in_the_query_is_not_taken(filled: BridgeData) -> None:
    async with asking(filled.app("plain")) as client:
        assert (await client.get("/api/printers?x-api-key=plain&api_key=plain")).status_code == 401


@pytest.mark.parametrize("stage", ["", "/prod"])
@pytest.mark.parametrize("given", [{}, {HEADER: "wrong"}], ids=["no key", "wrong key"])
@pytest.mark.parametrize(
    ("path", "title", "source"),
    [
        ("/", "<title>Printers", "'self'"),
        ("/docs", "<title>API", "'sha256-"),
        ("/?docs", "<title>API", "'sha256-"),
    ],
)
async def test_a_page_loads_without_the_key_as_it_is_the_page_that_asks_for_it(
    filled: BridgeData, path: str, title: str, source: str, given: dict[str, str], stage: str
) -> None:
    async with asking(filled.app(KEY, stage)) as client:
        response = await client.get(stage + path, headers=given)
        assert (await client.post(stage + path, headers=given)).status_code == 401
    assert title in response.text
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/html")
    assert 'id="key-form"' in response.text
    assert f"script-src {source}" in response.headers["content-security-policy"]
    assert "P1" not in response.text


async def test_without_a_key_set_nothing_is_asked_for(filled: BridgeData) -> None:
    async with asking(filled.app()) as client:
        assert (await client.get("/api/printers")).status_code == 200
        document = (await client.get("/openapi.json")).json()
    assert "securitySchemes" not in document["components"]


async def test_the_document_names_the_header(filled: BridgeData) -> None:
    async with asking(filled.app("plain"), **{HEADER: "plain"}) as client:
        document = (await client.get("/openapi.json")).json()
    (scheme,) = document["components"]["securitySchemes"].values()
    assert scheme == {"type": "apiKey", "in": "header", "name": HEADER}
    assert "401" in document["paths"]["/api/printers"]["get"]["responses"]
