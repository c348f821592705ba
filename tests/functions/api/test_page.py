"""The pages for a person: what is sent, under which policy, how long it is kept, and how little it is."""

import base64
import gzip
import hashlib
import json
import re
from io import BytesIO

import pytest
from PIL import Image

from functions.api.web_files import PREFIX, WebFiles, joined, modules
from functions.shared.domain.status import ACTIVE, FINISHED
from functions.shared.domain.status_view import CALIBRATING
from tests.functions.api.bridge_data import BridgeData, asking

FIRST_VIEW_BYTES = 150_000
_EXPORTED = r"^export (?:async )?(?:function|class|const) (\w+)"
FORBIDDEN = (
    "innerHTML",
    "outerHTML",
    "insertAdjacentHTML",
    "document.write",
    "eval(",
    "DOMParser",
    "new Function",
)


async def text_of(bridge: BridgeData, path: str) -> str:
    async with asking(bridge.app()) as client:
        response = await client.get(path)
    assert response.status_code == 200
    return response.text


def script_address(page: str) -> str:
    (found,) = re.findall(r'<script type="module" src="([^"]+)"></script>', page)
    return "/" + str(found)


async def test_the_page_works_under_a_policy_without_any_code_in_it(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        response = await client.get("/")
    text, policy = response.text, response.headers["content-security-policy"]
    assert response.headers["content-type"] == "text/html; charset=utf-8"
    parts = dict(part.split(" ", 1) for part in policy.split("; "))
    assert (
        parts["default-src"]
        == parts["base-uri"]
        == parts["form-action"]
        == parts["frame-ancestors"]
        == "'none'"
    )
    assert parts["script-src"] == parts["connect-src"] == parts["font-src"] == "'self'"
    assert parts["require-trusted-types-for"] == "'script'", "no text can become markup, whatever we overlook"
    assert "unsafe" not in policy
    (style,) = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    assert (
        parts["style-src"] == f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"
    )
    assert not re.search(r"<script(?! type=\"module\" src=)", text)
    assert not re.search(r"\s(on[a-z]+|style)\s*=", text.replace(style, ""))


async def test_the_description_stands_alone_under_a_policy_of_its_own(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        for path in ("/docs", "/?docs"):
            response = await client.get(path)
            text, policy = response.text, response.headers["content-security-policy"]
            assert response.headers["cache-control"] == "no-store"
            assert "default-src 'none'" in policy
            assert "unsafe" not in policy
            for tag in ("script", "style"):
                (content,) = re.findall(rf"<{tag}[^>]*>(.*?)</{tag}>", text, re.DOTALL)
                digest = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
                assert f"{tag}-src 'sha256-{digest}'" in policy


async def test_nothing_is_loaded_from_anywhere_and_no_name_becomes_markup(bridge: BridgeData) -> None:
    texts = [await text_of(bridge, path) for path in ("/", "/docs", "/web/app.js", "/web/service_worker.js")]
    for text in texts:
        assert not re.search(r"""(src|href|url\(|import)\s*[=(]?\s*["']?(https?:)?//""", text)
        assert "@import" not in text
        for way in FORBIDDEN:
            assert way not in text


async def test_it_asks_the_api_beside_itself_so_that_a_stage_path_works(bridge: BridgeData) -> None:
    for path, own in (
        ("/", '"api/printers"'),
        ("/docs", '"openapi.json"'),
        ("/web/app.js", '"api/overview"'),
    ):
        text = await text_of(bridge, path)
        assert own in text
        assert not re.search(r"""["'(]/(api|docs|openapi|web)""", text)


async def test_the_pages_lead_to_each_other_and_to_the_document(bridge: BridgeData) -> None:
    assert 'href="./?docs"' in await text_of(bridge, "/")
    assert 'href="./"' in await text_of(bridge, "/docs")
    async with asking(bridge.app()) as client:
        assert (await client.get("/redoc")).status_code == 404


async def test_every_word_for_a_state_is_shown_in_plain_words(bridge: BridgeData) -> None:
    script = await text_of(bridge, "/web/app.js")
    (table,) = re.findall(r"const STATES = \{(.*?)\n\};", script, re.DOTALL)
    assert set(re.findall(r"([A-Z]+): \[", table)) == ACTIVE | FINISHED | {CALIBRATING}
    (table,) = re.findall(r"const RESULTS = \{(.*?)\n\};", script, re.DOTALL)
    assert set(re.findall(r"([a-z_]+): \[", table)) == {
        "finished",
        "failed",
        "cancelled",
        "ended",
        "never_began",
    }


async def test_what_a_browser_has_is_not_sent_again(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        page = await client.get("/")
        assert page.headers["cache-control"] == "no-cache"
        for path in ("/", *sorted(WebFiles().paths)):
            response = await client.get(path)
            again = await client.get(path, headers={"If-None-Match": response.headers["etag"]})
            assert (response.status_code, again.status_code, again.content) == (200, 304, b""), path
            assert again.headers["cache-control"] == response.headers["cache-control"]
        script = await client.get(script_address(page.text))
        assert "immutable" in script.headers["cache-control"]
        old = await client.get("/web/app.js?v=of-another-release")
        assert old.headers["cache-control"] == "no-cache"
        assert old.text == script.text


async def test_the_first_view_is_little_and_compressed(bridge: BridgeData) -> None:
    total = 0
    async with asking(bridge.app()) as client:
        page = await client.get("/")
        for path in (
            "/",
            script_address(page.text),
            "/web/figtree.woff2",
            "/web/manifest.webmanifest",
            "/web/icon-192.png",
        ):
            async with client.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as response:
                total += sum([len(part) async for part in response.aiter_raw()]) + 1000  # and its headers
        plain = await client.get("/", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.text == page.text
    assert total < FIRST_VIEW_BYTES


async def test_files_have_their_types_and_what_is_no_file_is_not_there(bridge: BridgeData) -> None:
    async with asking(bridge.app("a key that is long enough")) as client:
        types = {path: (await client.get(path)).headers["content-type"] for path in WebFiles().paths}
        for path in ("/web/style.css", "/web/words.js", "/web/", "/web/..%2fdocs.html", "/web/nothing"):
            assert (await client.get(path)).status_code == 401, "no file: asks for the key as anything else"
    assert types["/web/app.js"] == types["/web/service_worker.js"] == "text/javascript; charset=utf-8"
    assert types["/web/figtree.woff2"] == "font/woff2"
    assert types["/web/manifest.webmanifest"] == "application/manifest+json"
    async with asking(bridge.app()) as client:
        assert (await client.get("/web/words.js")).status_code == 404


async def test_it_can_be_installed(bridge: BridgeData) -> None:
    async with asking(bridge.app()) as client:
        manifest = json.loads((await client.get("/web/manifest.webmanifest")).content)
        assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("../", "../", "standalone")
        for icon in manifest["icons"]:
            with Image.open(BytesIO((await client.get(PREFIX + icon["src"])).content)) as opened:
                assert f"{opened.width}x{opened.height}" == icon["sizes"]
                assert opened.format == "PNG"
        worker = await client.get("/web/service_worker.js")
        assert worker.headers["service-worker-allowed"] == "../"
        assert "api/" not in worker.text


async def test_what_the_worker_keeps_of_the_page_is_its_script(bridge: BridgeData) -> None:
    """It finds it by this form in the page."""
    page = await text_of(bridge, "/")
    assert re.findall(r'"(web/[\w.]+\?v=\w+)"', page) == [script_address(page)[1:]]


def test_modules_become_one_script_each_after_those_it_needs() -> None:
    made = joined(
        {
            "app": 'import { one, two as second } from "./words.js";\nimport { x } from "./x.js";\none(x);\n',
            "words": 'import { x } from "./x.js";\nexport const one = 1;\nexport async function two() {}\n',
            "x": "export class x {}\n",
        },
        "app",
    )
    assert re.findall(r"^const \$(\w+) =", made, re.MULTILINE) == ["x", "words", "app"]
    assert "const { one, two: second } = $words;" in made
    assert "return { one, two };" in made
    assert "export" not in made
    assert "import" not in made


@pytest.mark.parametrize(
    "fault", [{"a": 'import { b } from "./b.js";\n'}, {"a": 'import { a } from "./a.js";\n'}]
)
def test_modules_that_cannot_be_joined_are_refused(fault: dict[str, str]) -> None:
    with pytest.raises((KeyError, ValueError)):
        joined(fault, "a")


def test_every_module_is_part_of_the_script_and_imports_only_what_is_exported() -> None:
    own = modules()
    made = joined(own, "app")
    assert set(re.findall(r"^const \$(\w+) =", made, re.MULTILINE)) == set(own)
    assert not re.search(r"^(import|export)\b", made, re.MULTILINE)
    for text in own.values():
        for names, module in re.findall(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', text, re.MULTILINE):
            exported = set(re.findall(_EXPORTED, own[module], re.MULTILINE))
            assert {name.split(" as ")[0].strip() for name in names.split(",")} <= exported


async def test_the_compressed_form_is_the_same(bridge: BridgeData) -> None:
    async with (
        asking(bridge.app()) as client,
        client.stream("GET", "/web/app.js", headers={"Accept-Encoding": "gzip"}) as response,
    ):
        raw = b"".join([part async for part in response.aiter_raw()])
    assert gzip.decompress(raw).decode() == joined(modules(), "app")
