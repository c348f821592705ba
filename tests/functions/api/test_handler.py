"""The API as API Gateway (REST, proxy integration) calls it: stage path, binary image, any name."""

import base64
import gzip
import io
import json
import urllib.request
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from PIL import Image

from functions.api import history
from functions.api.handler import ANSWER_BYTES_LIMIT, IMAGE_BYTES_LIMIT, fits, handle, stage_path
from functions.api.picture_answer import IMAGE_TOO_LARGE
from functions.shared.domain.keys import (
    collector_key,
    film_key,
    frame_key,
    job_prefix,
    photo_key,
    printer_key,
    thumbnail_key,
)
from functions.shared.job_archive import JobArchive
from functions.shared.messages.codec import to_json
from functions.shared.messages.job_history import JobEnd, JobFilm, JobHistoryChange
from functions.shared.messages.report import FrameReference
from tests.functions.api.bridge_data import whole_record
from tests.functions.notify.harness import jpeg
from tests.support.lambda_runtime.event_source import Context, api_event
from tests.support.lambda_runtime.stack import LambdaStack, forget_containers
from tests.support.large_jpeg import large_jpeg
from tests.support.timeouts import TIMEOUT

pytest_plugins = ("tests.support.lambda_runtime.fixtures",)

NAMES = ["A1M-1", "Büro 3 <b>&\"'", "a/b", "100 %", "drucker 🖨", "image"]


def get(path: str, stage: str | None = "prod", **headers: str) -> dict[str, Any]:
    return handle(api_event(path, stage, **headers), Context())


def body_of(answer: dict[str, Any]) -> Any:
    assert answer["isBase64Encoded"] is False
    return json.loads(answer["body"])


def know(stack: LambdaStack, name: str, image: bytes = b"") -> bytes:
    """A printer with a status and an image of its own (or that one)."""
    now = stack.now()
    key = frame_key(job_prefix(name, "benchy"), now, 1)
    jpeg_image = image or jpeg(64 + len(name), 36)
    stack.put_frame(key, jpeg_image)
    record = {
        "printer_id": name,
        "status": {"gcode_state": "RUNNING", "subtask_name": name},
        "status_at": now,
        "state": "RUNNING",
        "frame": to_json(FrameReference(key, now, len(jpeg_image))),
    }
    stack.records.put(printer_key(name), record, 0)
    return jpeg_image


@pytest.mark.parametrize("path", ["/api/", "/api"])
def test_the_first_question_is_answered_ok(stack: LambdaStack, path: str) -> None:
    answer = get(path)
    assert (answer["statusCode"], answer["body"], answer["isBase64Encoded"]) == (200, "OK", False)


def test_printers_are_listed(stack: LambdaStack) -> None:
    for name in NAMES:
        know(stack, name)
    assert {printer["printer_id"] for printer in body_of(get("/api/printers"))} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("is_encoded", [True, False], ids=["encoded", "decoded"])
def test_a_printer_of_any_name_is_found_whether_the_gateway_decodes_its_path_or_not(
    stack: LambdaStack, name: str, is_encoded: bool
) -> None:
    jpeg_image = know(stack, name)
    segment = quote(name, safe="") if is_encoded else name
    shown = body_of(get(f"/api/printer/{segment}"))
    assert shown["status"]["subtask_name"] == name
    answer = get(f"/api/printer/{segment}/image")
    assert base64.b64decode(answer["body"]) == jpeg_image


def test_a_name_that_ends_like_the_path_of_an_image_is_still_a_name(stack: LambdaStack) -> None:
    jpeg_image = know(stack, "a/image")
    assert body_of(get("/api/printer/a%2Fimage"))["printer_id"] == "a/image"
    assert base64.b64decode(get("/api/printer/a%2Fimage/image")["body"]) == jpeg_image
    assert get("/api/printer/a/image")["statusCode"] == 404


def test_an_image_is_binary_and_not_sent_twice_to_who_has_it(stack: LambdaStack) -> None:
    jpeg_image = know(stack, "A1M-1")
    first = get("/api/printer/A1M-1/image")
    assert (first["statusCode"], first["isBase64Encoded"]) == (200, True)
    assert base64.b64decode(first["body"]) == jpeg_image
    headers = first["headers"]
    assert headers["content-type"] == "image/jpeg"
    assert headers["cache-control"] == "no-store"
    assert headers["x-image-timestamp"].endswith("Z")
    again = get("/api/printer/A1M-1/image", **{"If-None-Match": headers["etag"]})
    assert (again["statusCode"], again["body"], again["isBase64Encoded"]) == (304, "", False)
    assert again["headers"]["etag"] == headers["etag"]


def test_a_picture_larger_than_lambda_lets_through_is_given_smaller(stack: LambdaStack) -> None:
    original = know(stack, "X1C-1", large_jpeg())
    assert len(original) > IMAGE_BYTES_LIMIT
    first = get("/api/printer/X1C-1/image")
    assert (first["statusCode"], first["isBase64Encoded"]) == (200, True)
    assert first["headers"]["content-type"] == "image/jpeg"
    assert len(json.dumps(first)) <= ANSWER_BYTES_LIMIT
    with Image.open(io.BytesIO(base64.b64decode(first["body"]))) as shown:
        shown.load()
        assert shown.size == (1920, 1440)
    again = get("/api/printer/X1C-1/image", **{"If-None-Match": first["headers"]["etag"]})
    assert (again["statusCode"], again["body"]) == (304, "")


def test_the_largest_picture_that_goes_through_as_it_is_does(stack: LambdaStack) -> None:
    original = jpeg()
    largest = original[:-2] + bytes(IMAGE_BYTES_LIMIT - len(original)) + original[-2:]
    know(stack, "X1C-1", largest)
    answer = get("/api/printer/X1C-1/image")
    assert base64.b64decode(answer["body"]) == largest
    assert len(json.dumps(answer)) <= ANSWER_BYTES_LIMIT


def test_a_large_picture_that_nobody_can_decode_is_said_in_words(stack: LambdaStack) -> None:
    know(stack, "X1C-1", b"\xff\xd8" + bytes(IMAGE_BYTES_LIMIT) + b"\xff\xd9")
    answer = get("/api/printer/X1C-1/image")
    assert (answer["statusCode"], body_of(answer)) == (404, {"detail": IMAGE_TOO_LARGE})


def test_any_other_answer_that_lambda_would_lose_is_said_in_words(
    stack: LambdaStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    know(stack, "A1M-1")
    monkeypatch.setattr("functions.api.handler.ANSWER_BYTES_LIMIT", 700)
    monkeypatch.setattr("functions.api.handler._MEASURED_FROM", 100)
    answer = get("/api/printer/A1M-1")
    assert answer["statusCode"] == 500
    assert "larger than the 6 MB" in body_of(answer)["detail"]
    assert answer["headers"]["x-content-type-options"] == "nosniff"
    assert get("/api/")["statusCode"] == 200


@pytest.mark.parametrize("character", ["a", '"', "\n", "\x01", "ä", "🖨"])
def test_an_answer_is_measured_as_it_is_sent(character: str) -> None:
    sent = len(json.dumps({"body": character}, ensure_ascii=False).encode()) - len('{"body": ""}')
    most = (ANSWER_BYTES_LIMIT - len('{"body": ""}')) // sent
    assert fits({"body": character * most})
    assert not fits({"body": character * (most + 1)})


def test_404_says_what_is_missing(stack: LambdaStack) -> None:
    answer = get("/api/printer/nobody")
    assert (answer["statusCode"], body_of(answer)["detail"]) == (404, "unknown printer")
    stack.records.put(printer_key("new"), {"printer_id": "new"}, 0)
    assert body_of(get("/api/printer/new"))["detail"] == "no status yet"
    assert body_of(get("/api/printer/new/image"))["detail"] == "no image yet"


def test_the_openapi_document_names_the_stage_as_its_server(stack: LambdaStack) -> None:
    document = body_of(get("/openapi.json"))
    assert document["servers"] == [{"url": "/prod"}]
    described = document["paths"]["/api/printer/{printer_id}/image"]["get"]["responses"]["404"]
    assert IMAGE_TOO_LARGE in described["content"]["application/json"]["examples"]


@pytest.mark.parametrize("stage", ["prod", None])
def test_the_description_is_a_page_that_asks_for_the_document_beside_it(
    stack: LambdaStack, stage: str | None
) -> None:
    answer = get("/docs", stage=stage)
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, False)
    assert "script-src 'sha256-" in answer["headers"]["content-security-policy"]
    assert '"openapi.json"' in answer["body"]
    assert "/prod" not in answer["body"]


def test_at_a_domain_of_one_s_own_there_is_no_stage(stack: LambdaStack) -> None:
    know(stack, "A1M-1")
    assert get("/api/printer/A1M-1", stage=None)["statusCode"] == 200
    assert "servers" not in body_of(get("/openapi.json", stage=None))
    assert get("/api/printers", stage="live")["statusCode"] == 200


def test_the_key_is_the_gateway_s_business(stack: LambdaStack) -> None:
    stack.set(API_KEY="of-another-program")
    event = api_event("/api/printers")
    for headers in (event["headers"], event["multiValueHeaders"]):
        del headers["x-api-key"]
    assert handle(event, Context())["statusCode"] == 200


def test_health_speaks_of_collectors(stack: LambdaStack) -> None:
    assert get("/api/health")["statusCode"] == 503
    value = {"sequence": 1, "received_at": stack.now(), "status": {"printers": []}}
    stack.records.put(collector_key("pi"), value, 0)
    answer = get("/api/health")
    assert (answer["statusCode"], body_of(answer)["status"]) == (200, "ok")


def test_a_store_that_is_away_is_said_without_its_insides(stack: LambdaStack) -> None:
    stack.set(TABLE_NAME="no-such-table")
    forget_containers()
    answer = get("/api/printers")
    assert answer["statusCode"] == 503
    assert "no-such-table" not in answer["body"]


@pytest.mark.parametrize(
    ("about", "expected"),
    [
        ({"stage": "prod", "path": "/prod/api/"}, "/prod"),
        ({"stage": "prod", "path": "/prod"}, "/prod"),
        ({"stage": "prod", "path": "/api/printers"}, ""),
        ({"stage": "prod", "path": "/production/api/"}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_the_stage_is_read_from_the_client_s_path(about: object, expected: str) -> None:
    assert stage_path({"requestContext": about}) == expected


def test_one_request_has_the_whole_wall_with_addresses_that_need_no_key(stack: LambdaStack) -> None:
    pictures = {name: know(stack, name) for name in NAMES}
    answer = get("/api/overview", **{"Accept-Encoding": "gzip"})
    assert (answer["statusCode"], answer["isBase64Encoded"]) == (200, True)
    said = json.loads(gzip.decompress(base64.b64decode(answer["body"])))
    assert {printer["printer_id"] for printer in said["printers"]} == set(NAMES)
    for printer in said["printers"]:
        with urllib.request.urlopen(printer["image"]["address"], timeout=TIMEOUT) as opened:
            assert opened.read() == pictures[printer["printer_id"]]
            assert "immutable" in opened.headers["Cache-Control"]
    again = get("/api/overview", **{"If-None-Match": answer["headers"]["etag"]})
    assert (again["statusCode"], again["body"]) == (304, "")
    plain = body_of(get("/api/overview"))
    assert plain["printers"] == said["printers"], "the same pictures have the same addresses"


def test_a_part_of_many_is_asked_for_in_the_query(stack: LambdaStack) -> None:
    for name in NAMES:
        know(stack, name)
    found: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        query = {"multiValueQueryStringParameters": {"limit": ["2"], "cursor": [cursor]}}
        said = body_of(handle(api_event("/api/overview") | query, Context()))
        found += [printer["printer_id"] for printer in said["printers"]]
        cursor = said["next_cursor"]
    assert sorted(found) == sorted(NAMES)


def test_the_page_may_show_pictures_of_the_bucket_s_server_and_of_no_other(stack: LambdaStack) -> None:
    know(stack, "A1M-1")
    policy = get("/")["headers"]["content-security-policy"]
    [printer] = body_of(get("/api/overview"))["printers"]
    origin = "{0.scheme}://{0.netloc}".format(urlsplit(printer["image"]["address"]))
    assert f"img-src 'self' blob: {origin} data:; media-src 'self' blob: {origin};" in policy
    assert "connect-src 'self';" in policy


def test_a_film_is_where_the_bucket_is_and_any_part_of_it_is_given(stack: LambdaStack) -> None:
    now, prefix = stack.now(), job_prefix("A1M-1", "benchy")
    assert body_of(get("/api/printer/A1M-1/film"))["detail"] == "unknown printer"
    job = {"id": "j", "name": "benchy", "prefix": prefix, "started_at": now - 7200, "ended_at": now}
    stack.records.put(printer_key("A1M-1"), whole_record({"printer_id": "A1M-1", "job": job}), 0)
    assert body_of(get("/api/printer/A1M-1/film"))["detail"] == "no film yet"
    stack.put_frame(film_key(prefix, now), b"0123456789")
    film = body_of(get("/api/printer/A1M-1/film"))
    assert film["size"] == 10
    request = urllib.request.Request(film["address"], headers={"Range": "bytes=3-5"})
    with urllib.request.urlopen(request, timeout=TIMEOUT) as opened:
        assert (opened.status, opened.read()) == (206, b"345")
    sent_on = get("/api/printer/A1M-1/film.mp4")
    assert (sent_on["statusCode"], sent_on["headers"]["location"]) == (302, film["address"])


def test_a_past_job_has_its_film_and_photos_where_the_bucket_is(stack: LambdaStack) -> None:
    now = stack.now()
    archive = JobArchive(stack.records, stack.now)
    film = film_key(job_prefix("A1M-1", "benchy"), now)
    pictures = {film: b"0123456789", photo_key(film): jpeg(64, 36), thumbnail_key(film): jpeg(32, 18)}
    for key, data in pictures.items():
        stack.put_frame(key, data)
    for number in range(3):
        end = JobEnd(job_id=f"j{number}", printer_id="A1M-1", result="finished",
                     started_at=now - 7200, ended_at=now - number)  # fmt: skip
        archive.keep(JobHistoryChange(end.job_id, "A1M-1", end=end))
    archive.keep_film("j0", JobFilm(film, 10, now, 500, 900, now))
    listed = body_of(get("/api/jobs"))["jobs"]
    assert [job["id"] for job in listed] == ["j0", "j1", "j2"]
    assert body_of(get("/api/jobs/j0")) | listed[0] == body_of(get("/api/jobs/j0"))
    for what, data in zip(("film", "image", "thumbnail"), pictures.values(), strict=True):
        with urllib.request.urlopen(listed[0][what]["address"], timeout=TIMEOUT) as opened:
            assert opened.read() == data
    sent_on = get("/api/jobs/j0/film")
    assert (sent_on["statusCode"], sent_on["headers"]["location"]) == (302, listed[0]["film"]["address"])
    answer = get("/api/jobs/j0/image")
    assert base64.b64decode(answer["body"]) == jpeg(64, 36)
    assert body_of(get("/api/jobs/none")) == {"detail": "unknown job"}


def test_a_long_table_comes_in_parts(stack: LambdaStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "_TABLE_PAGE", 2)
    monkeypatch.setattr(history, "CLOUD_ROWS", 4)
    now = stack.now()
    for number in range(5):
        end = JobEnd(job_id=f"j{number}", printer_id="A1", result="finished",
                     started_at=now - 7200, ended_at=now - number)  # fmt: skip
        JobArchive(stack.records, stack.now).keep(JobHistoryChange(end.job_id, "A1", end=end))
    first = get("/api/jobs.csv")
    text = base64.b64decode(first["body"]).decode() if first["isBase64Encoded"] else first["body"]
    assert [row.rsplit(",", 1)[1] for row in text.splitlines()] == ["id", "j0", "j1", "j2", "j3"]
    link = first["headers"]["link"]
    query = dict(parse_qsl(link[link.index("?") + 1 : link.index(">")]))
    asked = {"multiValueQueryStringParameters": {name: [value] for name, value in query.items()}}
    last = handle(api_event("/api/jobs.csv") | asked, Context())
    text = base64.b64decode(last["body"]).decode() if last["isBase64Encoded"] else last["body"]
    assert [row.rsplit(",", 1)[1] for row in text.splitlines()] == ["id", "j4"]
    assert "link" not in last["headers"]
