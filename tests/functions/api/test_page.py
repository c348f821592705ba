"""The pages for a person stand alone and cannot be made to do what a name says."""

import base64
import hashlib
import re

import pytest

from functions.shared.domain.status import ACTIVE, FINISHED
from functions.shared.domain.status_view import CALIBRATING
from tests.functions.api.bridge_data import BridgeData, asking


@pytest.fixture(params=["/", "/docs"])
async def page(bridge: BridgeData, request: pytest.FixtureRequest) -> tuple[str, str]:
    """A page's text and its content security policy."""
    async with asking(bridge.app()) as client:
        response = await client.get(request.param)
    assert response.status_code == 200
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    assert response.headers["cache-control"] == "no-store"
    return response.text, response.headers["content-security-policy"]


async def test_nothing_is_loaded_from_anywhere(page: tuple[str, str]) -> None:
    text, policy = page
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//""", text)
    assert "@import" not in text
    assert not re.search(r"\burl\(", text)


async def test_the_policy_lets_just_the_pages_own_script_and_style_work(page: tuple[str, str]) -> None:
    text, policy = page
    for tag in ("script", "style"):
        (content,) = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", text)
    assert not re.search(r"\sstyle\s*=", text)


async def test_names_are_only_ever_put_in_as_text(page: tuple[str, str]) -> None:
    text, _ = page
    for way in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "DOMParser"):
        assert way not in text


async def test_it_asks_the_api_beside_itself_so_that_a_stage_path_works(page: tuple[str, str]) -> None:
    text, _ = page
    assert '"api/overview"' in text or '"api/printers"' in text
    assert not re.search(r"""["'(]/(api|docs|openapi)""", text)


async def test_the_pages_lead_to_each_other_and_to_the_document(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        page, docs = (await client.get("/")).text, (await client.get("/docs")).text
        assert 'href="docs"' in page
        assert 'href="./"' in docs
        assert '"openapi.json"' in docs
        assert (await client.get("/redoc")).status_code == 404


async def test_every_word_for_a_state_is_shown_in_plain_words(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        page = (await client.get("/")).text
    (table,) = re.findall(r"const STATES = \{(.*?)\n\};", page, re.DOTALL)
    assert set(re.findall(r"([A-Z]+): \[", table)) == ACTIVE | FINISHED | {CALIBRATING}
    assert 'never_began: "never began"' in page, "the one result that is no plain word"
