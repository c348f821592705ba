"""The page for a person stands alone and cannot be made to do what a name says."""

import base64
import hashlib
import re

import pytest

from tests.api.bridge_data import BridgeData, asking


@pytest.fixture
async def page(bridge: BridgeData) -> tuple[str, str]:
    """The page's text and its content security policy."""
    async with asking(bridge.app()) as client:
        response = await client.get("/")
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
    assert "url(" not in text


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
    assert '"api/printers"' in text
    assert not re.search(r"""["'(]/(api|docs)""", text)
