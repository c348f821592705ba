"""The deployed stack tells a print like the embedded run: the same chat, film, look, state and image.

What MiniStack cannot do is said in `tests/stack/deployed/stack.py`.
"""

import asyncio
import gzip
import json
import os
import urllib.error
import urllib.request
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import openai  # noqa: F401 - importing it takes a second or more, which is not to be the first look's time
import pytest
from PIL import Image

from functions.chat.handler import KEEP_WEBHOOK
from functions.chat.registration import webhook_secret
from infra.simulator.scenarios import Job, Pause, Print, Scenario
from infra.simulator.server import SimulatedBambui
from tests.e2e.image_numbers import facts_of, number_of, numbers_of_jobs, shown_numbers
from tests.e2e.rig import END_WORDS, story, until_filmed, until_told
from tests.e2e.watching_model import has_strands
from tests.stack.deployed.both_runs import (
    SIZE,
    BothRuns,
    alerts_of,
    chat_of,
    cloud_edge,
    print_in_both,
    printer,
)
from tests.stack.deployed.rights import client_of, refusal
from tests.stack.deployed.stack import TOKEN_PARAMETER, DeployedStack, build, deployed
from tests.support.chromium import ABSENT, chromium, find_chromium
from tests.support.page_in_a_browser import give_key, picture_sizes, wait_for
from tests.support.telegram.faults import SERVER_ERROR, too_many_requests
from tests.support.timeouts import TIMEOUT, eventually, wait_until

CHROMIUM = find_chromium()
SCALE = 7.0
IDLE_SECONDS = 4 * SCALE  # before a print, so that the first words have settled
# 34 s at that scale: two looks, ten seconds apart after the pause, both with spaghetti, and a while after.
PRINT = Scenario(
    (Print(Job("Phone stand (blue)", 63, 95), seconds=230, pauses=(Pause(0.06),), spaghetti_from=0.1),),
    idle_seconds=IDLE_SECONDS,
)
SHORT = Scenario((Print(Job("Hook", minutes=1), seconds=40),), idle_seconds=40)
DEAD_LETTERS = (
    "ReportsDeadLetters",
    "NotificationsDeadLetters",
    "InspectionsDeadLetters",
    "TimelapsesDeadLetters",
    "LivenessDeadLetters",
)
QUEUES = ("ReportsQueue", "NotificationsQueue", "InspectionsQueue", "TimelapsesQueue")


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedStack]:
    """Built once for all processes of this test run, deployed once for this module."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    artifacts = build(shared / "host-build")
    with deployed(artifacts, tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture(scope="module")
def runs(stack: DeployedStack, tmp_path_factory: pytest.TempPathFactory) -> BothRuns:
    """The print, before anything else is done to the stack."""
    return asyncio.run(print_in_both(stack, tmp_path_factory.mktemp("print"), PRINT, SCALE))


def test_the_chat_is_that_of_the_embedded_run(stack: DeployedStack, runs: BothRuns) -> None:
    told = chat_of(runs.cloud, "A1M-1")
    assert [text.splitlines()[0].split(": ", 1)[1] for text, *_ in told] == [
        *("print started", "print paused", "print resumed"),
        *("printing", "printing", "printing", "print finished"),
    ]
    assert told == chat_of(runs.embedded, "A1M-1")
    assert len(runs.cloud) == len(runs.embedded)
    assert stack.telegram.refusals == []


def test_the_film_of_the_print_arrives(runs: BothRuns, tmp_path: Path) -> None:
    (job,) = numbers_of_jobs(PRINT)
    shown: list[list[int]] = []
    for film in runs.films:
        path = tmp_path / f"{len(shown)}.mp4"
        assert film.video is not None
        path.write_bytes(film.video)
        facts = facts_of(path)
        assert (facts.codec, facts.pixel_format) == ("h264", "yuv420p")
        shown.append(shown_numbers(path))
    for numbers in shown:
        assert set(numbers) <= set(job)
        assert numbers == sorted(numbers)
        assert numbers[-1] - numbers[0] > 0.9 * len(job)
    # What is kept depends on the moment an image comes: two processes on a busy machine see some differently.
    assert abs(len(shown[0]) - len(shown[1])) <= len(job) // 10


def test_the_ai_checks_and_alerts_as_in_the_embedded_run(stack: DeployedStack, runs: BothRuns) -> None:
    for messages in (runs.cloud, runs.embedded):
        (alert,) = alerts_of(messages)
        assert alert.photo is not None
        assert has_strands(alert.photo)
        assert f"Strands in picture {number_of(alert.photo)}" in alert.text
    assert stack.ai.faults == []
    assert min(runs.looks) >= 2  # an alert needs two; more come by the interval
    look = stack.ask("/api/printer/A1M-1", stack.api_key).json()["last_inspection"]
    for found in (look, runs.embedded_state["last_inspection"]):
        assert found["verdict"] in ("defect", "suspicious")  # suspicious: a look after the alert
        assert found["category"] == "spaghetti"


def test_the_api_shows_what_the_embedded_one_shows(stack: DeployedStack, runs: BothRuns) -> None:
    key = stack.api_key
    assert stack.ask("/api/", key).body == b"OK"
    (listed,) = stack.ask("/api/printers", key).json()
    assert (listed["printer_id"], listed["model"], listed["has_status"]) == ("A1M-1", "A1M", True)
    shown, expected = stack.ask("/api/printer/A1M-1", key).json(), runs.embedded_state
    assert shown.keys() == expected.keys()
    for name in ("model", "state", "state_inferred", "silent_since", "problem", "errors"):
        assert shown[name] == expected[name], name
    for name in ("name", "result", "percent", "layer", "total_layers", "is_active"):
        assert shown["job"][name] == expected["job"][name], name
    assert shown["status"].keys() == expected["status"].keys()
    health = stack.ask("/api/health", key).json()
    assert [found["printer_id"] for found in health["printers"]] == ["A1M-1"]
    assert len(health["collectors"]) == 1


def test_the_api_gives_the_image_whole_and_once(stack: DeployedStack, runs: BothRuns) -> None:
    key = stack.api_key
    jpeg_image = stack.ask("/api/printer/A1M-1/image", key)
    assert (jpeg_image.status, jpeg_image.headers["content-type"]) == (200, "image/jpeg")
    assert jpeg_image.headers["x-image-timestamp"]
    with Image.open(BytesIO(jpeg_image.body)) as opened:
        assert opened.size == SIZE
    last = numbers_of_jobs(PRINT)[0][-1]
    assert number_of(jpeg_image.body) > last - 2 * SCALE
    again = stack.ask("/api/printer/A1M-1/image", key, {"If-None-Match": jpeg_image.headers["etag"]})
    assert (again.status, again.body) == (304, b"")


@pytest.mark.skipif(CHROMIUM is None, reason=ABSENT)
def test_the_page_opens_in_a_browser_asks_for_the_key_and_shows_the_print(
    stack: DeployedStack, runs: BothRuns, tmp_path: Path
) -> None:
    assert CHROMIUM is not None
    with chromium(CHROMIUM, stack.address("/"), tmp_path, ["localhost"]) as tab:
        wait_for(tab, "#key-form")
        give_key(tab, "wrong")
        assert "(403)" in wait_for(tab, "#key-refused", "gateway")
        give_key(tab, stack.api_key)
        assert "Phone stand (blue)" in wait_for(tab, "article", "A1M-1")
        wait_until(lambda: picture_sizes(tab) == [list(SIZE)], lambda: "no picture")
        [source] = tab.run("[...document.querySelectorAll('#cards img')].map((it) => it.src)")
        assert f"/{stack.bucket}/" in source
        assert "X-Amz-Signature=" in source
        tab.click("article a.name")
        tab.click("button.film")
        wait_until(lambda: (tab.run("document.querySelector('video')?.duration") or 0) > 1, lambda: "no film")
        assert "X-Amz-Signature=" in tab.run("document.querySelector('video').src")
        tab.click("nav a[data-view=history]")
        assert "Phone stand (blue)" in wait_for(tab, ".job-lines", "A1M-1")
        tab.click(".job-line a")
        wait_for(tab, ".plot")
        wait_until(lambda: (tab.run("document.querySelector('video')?.duration") or 0) > 1, lambda: "no film")
        assert "X-Amz-Signature=" in tab.run("document.querySelector('video').src")
        assert tab.run("document.querySelectorAll('#notice:not([hidden])').length") == 0


def test_an_address_of_a_picture_needs_no_key_and_stays_and_opens_no_other(
    stack: DeployedStack, runs: BothRuns
) -> None:
    first = stack.ask("/api/overview", stack.api_key, {"Accept-Encoding": "gzip"})
    assert first.headers["content-encoding"] == "gzip"
    said = json.loads(gzip.decompress(first.body))
    [address] = [it["image"]["address"] for it in said["printers"] if it["printer_id"] == "A1M-1"]
    again = stack.ask("/api/overview", stack.api_key, {"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body) == (304, b"")
    with urllib.request.urlopen(address, timeout=TIMEOUT) as opened:
        assert number_of(opened.read()) > 0
        assert opened.headers["Cache-Control"] == "private, max-age=604800, immutable"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address.replace("A1M-1", "A1M-2"), timeout=TIMEOUT)
    assert refused.value.code == 403
    refused.value.close()


# MiniStack takes a mock integration, but none of its answers: what `/docs` says is seen in the template only.
@pytest.mark.parametrize("path", ["/", "/?docs"])
@pytest.mark.parametrize("key", [None, "wrong"])
def test_the_pages_load_without_the_key(stack: DeployedStack, path: str, key: str | None) -> None:
    page = stack.ask(path, key)
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert b'id="key-form"' in page.body


@pytest.mark.parametrize("key", [None, "wrong"])
@pytest.mark.parametrize("path", ["/api/", "/api/printers", "/api/overview", "/api/printer/A1M-1/image"])
def test_the_api_asks_for_its_key(stack: DeployedStack, path: str, key: str | None) -> None:
    assert stack.ask(path, key).status == 403


def test_the_api_says_what_is_not_there_and_what_it_can(stack: DeployedStack) -> None:
    unknown = stack.ask("/api/printer/nobody", stack.api_key)
    assert unknown.status == 404
    assert "unknown printer" in unknown.body.decode().lower()
    assert "/api/printers" in stack.ask("/openapi.json", stack.api_key).json()["paths"]


async def test_a_poison_message_and_a_failing_telegram_cost_nothing(
    stack: DeployedStack, runs: BothRuns, tmp_path: Path
) -> None:
    sqs = stack.client("sqs")
    poison = {"MessageBody": '{"no": "report"', "MessageGroupId": "P1S-1", "MessageDeduplicationId": "poison"}
    sqs.send_message(QueueUrl=stack.queue_url, **poison)
    faults = (too_many_requests(2), SERVER_ERROR, SERVER_ERROR)
    stack.telegram.script(*faults)
    calls = stack.telegram.calls
    async with SimulatedBambui([printer(SHORT, "P1S-1")], time_scale=10) as bambui:
        with cloud_edge(tmp_path / "edge", stack, bambui):
            await until_told(stack.telegram, END_WORDS, times=2)
            await until_filmed(stack.telegram, 2)
    told = story(stack.telegram, "P1S-1")
    assert told == ["print started", "print finished"]
    assert stack.telegram.calls - calls - len(faults) == len(stack.telegram.messages) - len(runs.cloud)
    await eventually(lambda: all(stack.waiting(name) == 0 for name in QUEUES))
    assert {name: stack.waiting(name) for name in DEAD_LETTERS} == dict.fromkeys(DEAD_LETTERS, 0) | {
        "ReportsDeadLetters": 1
    }
    url = stack.physical_id("ReportsDeadLetters")
    (letter,) = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])["Messages"]
    assert letter["Body"] == poison["MessageBody"]
    assert letter["MessageAttributes"]["reason"]["StringValue"]


def test_the_watch_over_collectors_runs_and_has_nothing_to_say(stack: DeployedStack, runs: BothRuns) -> None:
    before = len(stack.telegram.messages)
    answer = stack.client("lambda").invoke(FunctionName=stack.physical_id("LivenessFunction"))
    assert "FunctionError" not in answer
    assert json.load(answer["Payload"]) is None
    assert stack.waiting("NotificationsQueue") == 0
    assert len(stack.telegram.messages) == before


def test_the_chat_is_answered_once_and_only_to_who_has_telegram_s_secret(stack: DeployedStack) -> None:
    telegram = stack.telegram
    function, hook = stack.physical_id("ChatFunction"), stack.outputs["PageUrl"] + "telegram"
    said = stack.client("lambda").invoke(FunctionName=function, Payload=json.dumps({KEEP_WEBHOOK: hook}))
    assert json.load(said["Payload"])["statusCode"] == 200
    assert (telegram.bot.webhook.url, telegram.bot.webhook.secret) == (hook, webhook_secret(telegram.token))
    telegram.says("/help")
    [update] = telegram.updates.waiting
    before = len(telegram.messages)
    assert [stack.push(update, secret).status for secret in (None, "guessed")] == [403, 403]
    assert len(telegram.messages) == before
    statuses = [stack.push(update, telegram.bot.webhook.secret).status for _ in range(2)]
    assert statuses == [200, 200]
    [answer] = telegram.texts[before:]
    assert answer.startswith("What you can ask")


@pytest.mark.parametrize("what", ["bucket", "queue"])
def test_nothing_is_taken_without_tls(stack: DeployedStack, what: str) -> None:
    assert "explicit deny in a resource-based policy" in stack.refused_without_tls[what]


def test_a_stolen_key_of_the_collector_reads_nothing(stack: DeployedStack, runs: BothRuns) -> None:
    def edge(service: str) -> Any:
        return client_of(stack.edge_credentials, service)

    own = next(iter(edge_keys(stack)))
    place = {"Bucket": stack.bucket}
    refusals = [
        refusal(edge("s3").get_object, **place, Key=own),
        refusal(edge("s3").list_objects_v2, **place),
        refusal(edge("s3").delete_object, **place, Key=own),
        refusal(edge("s3").put_object, **place, Key="elsewhere/a.jpg", Body=b""),
        refusal(edge("sqs").receive_message, QueueUrl=stack.queue_url),
        refusal(edge("sqs").send_message, QueueUrl=stack.physical_id("NotificationsQueue"), MessageBody="{}"),
        refusal(edge("dynamodb").scan, TableName=stack.physical_id("Table")),
        refusal(edge("ssm").get_parameter, Name=TOKEN_PARAMETER, WithDecryption=True),
    ]
    assert all("no identity-based policy allows" in text for text in refusals), refusals


def edge_keys(stack: DeployedStack) -> list[str]:
    found = stack.client("s3").list_objects_v2(Bucket=stack.bucket, Prefix="images/")["Contents"]
    return [item["Key"] for item in found]


def test_no_secret_stands_in_the_logs_or_the_stack(stack: DeployedStack, runs: BothRuns) -> None:
    logs = stack.logs()
    assert "ReportsHandled" in logs
    described = json.dumps(stack.client("cloudformation").describe_stacks(), default=str)
    environments = json.dumps(stack.client("lambda").list_functions(), default=str)
    keys = [stack.edge_credentials["AWS_SECRET_ACCESS_KEY"]]
    for secret in (stack.telegram.token, stack.ai.api_key, stack.api_key, *keys):
        assert secret not in logs
        assert secret not in described
        assert secret not in environments
