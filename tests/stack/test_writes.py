"""What the bucket takes from whom: real requests of the frame store and of a thief, judged by the policies.

How requests show in conditions: Service Authorization Reference, "Actions, resources, and condition keys for
Amazon S3"; S3 User Guide, "Enforce conditional writes" and "Tagging and access control policies".
"""

import contextlib
import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from functions.shared.aws.clients import make_client
from functions.shared.aws.s3 import S3FrameStore
from functions.shared.domain.frame_packs import make_pack
from functions.shared.domain.keys import film_key, frame_key, job_prefix, latest_key, thumbnail_key
from infra.local.doctor.aws_check import new_frame_key, newest_frame_key
from tests.stack.cloud_template import Stack, listed, short, statements
from tests.stack.test_policies import documents
from tests.support.aws.places import aws_environment, listen, make_bucket

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

NOON = 1_750_000_000.0
PREFIX = job_prefix("A1M-1", "benchy")
FRAME, FILM = frame_key(PREFIX, NOON, 1), film_key(PREFIX, NOON)
NEW = frame_key(PREFIX, NOON + 10, 2)
PACK = make_pack([(FRAME, b"a"), (NEW, b"b")]).key
DOCTORS = "a new one at each look of the doctor"
FRAME_TAG: dict[str, Any] = {"Tagging": "kind=frame"}
ONCE: dict[str, Any] = {"IfNoneMatch": "*"}


@dataclass
class Bucket:
    """A bucket with a frame and a film of ours, and what was asked of it: actions, place, conditions."""

    client: "S3Client"
    name: str
    asked: list[tuple[set[str], str, Mapping[str, str]]] = field(default_factory=list)

    def note(self, request: Any, **_: object) -> None:
        url, headers = (
            urlsplit(request.url),
            {name.lower(): _text(it) for name, it in request.headers.items()},
        )
        key = unquote(url.path).removeprefix(f"/{self.name}").removeprefix("/")
        query = parse_qs(url.query, keep_blank_values=True)
        seen = {"s3:if-none-match": headers.get("if-none-match")}
        tags = parse_qs(headers.get("x-amz-tagging", ""))
        actions = {_ACTIONS.get((request.method, name), "s3:PutObject") for name in ("", *query)} - {""}
        if "tagging" in query:
            actions = {_ACTIONS[request.method, "tagging"]}
            seen["s3:ExistingObjectTag/kind"] = {FRAME: "frame", FILM: "film"}.get(key)
            tags = {"kind": ["frame"]} if b"frame" in (request.body or b"") else {}
        if tags:
            actions.add("s3:PutObjectTagging")
        seen |= {f"s3:RequestObjectTag/{name}": value for name, (value,) in tags.items()}
        self.asked.append((actions, f"FramesBucket/{key}", {it: to for it, to in seen.items() if to}))


_ACTIONS = {
    ("PUT", ""): "s3:PutObject",
    ("POST", ""): "s3:PutObject",
    ("GET", ""): "s3:GetObject",
    ("DELETE", ""): "s3:DeleteObject",
    ("PUT", "tagging"): "s3:PutObjectTagging",
    ("DELETE", "tagging"): "s3:DeleteObjectTagging",
}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


@pytest.fixture(scope="module")
def watched() -> Iterator[Bucket]:
    with aws_environment(), mock_aws():
        client = make_client("s3")
        made = Bucket(client, make_bucket(client))
        listen(client, "before-send.s3", made.note)
        yield made


@pytest.fixture
def bucket(watched: Bucket) -> Bucket:
    for key in (FRAME, FILM):
        watched.client.put_object(Bucket=watched.name, Key=key, Body=b"ours")
    watched.client.delete_object(Bucket=watched.name, Key=NEW)
    watched.asked.clear()
    return watched


def put(bucket: Bucket, key: str, folder: Path, content: bytes = b"new") -> None:
    """As the product does."""
    source = folder / "source"
    source.write_bytes(content)
    S3FrameStore(bucket.client, bucket.name).put(key, source)
    assert not source.exists()


@functools.cache
def _stack() -> Stack:
    return Stack()


def allows(who: str, actions: set[str], place: str, seen: Mapping[str, str]) -> bool:
    """Whether some statement allows each of the actions there."""

    def holds(operator: str, key: str, wanted: str) -> bool:
        match operator:
            case "StringEquals":
                return seen.get(key) == wanted
            case "StringNotEquals":
                return seen.get(key) != wanted
            case _:
                raise AssertionError(operator)

    return all(
        any(
            action in listed(statement["Action"])
            and any(fnmatchcase(place, short(resource)) for resource in listed(statement["Resource"]))
            and all(
                holds(operator, key, wanted)
                for operator, parts in statement.get("Condition", {}).items()
                for key, wanted in parts.items()
            )
            for document in documents(_stack(), who)
            for statement in statements(document)
        )
        for action in actions
    )


@pytest.mark.parametrize(
    ("who", "key"),
    [
        ("EdgePolicy", NEW),
        ("EdgePolicy", FRAME),  # put again after a crash
        ("EdgePolicy", PACK),
        ("EdgePolicy", latest_key("A1M-1")),
        ("EdgePolicy", DOCTORS),
        ("EdgePolicy", newest_frame_key()),
        ("TimelapseRole", FILM),
        ("TimelapseRole", thumbnail_key(FILM)),
    ],
)
def test_what_the_product_puts_is_allowed(bucket: Bucket, tmp_path: Path, who: str, key: str) -> None:
    put(bucket, new_frame_key() if key == DOCTORS else key, tmp_path)
    [asked] = bucket.asked
    assert allows(who, *asked)


THEFTS: dict[str, Callable[["S3Client", dict[str, Any]], Any]] = {
    "untagged": lambda s3, at: s3.put_object(**at, Key=NEW, Body=b"x", **ONCE),
    "another tag": lambda s3, at: s3.put_object(**at, Key=NEW, Body=b"x", **ONCE, Tagging="kind=mine"),
    "tagged as a film": lambda s3, at: s3.put_object(**at, Key=NEW, Body=b"x", **ONCE, Tagging="kind=film"),
    "over a film": lambda s3, at: s3.put_object(**at, Key=FILM, Body=b"x", **FRAME_TAG),
    "over a frame": lambda s3, at: s3.put_object(**at, Key=FRAME, Body=b"x", **FRAME_TAG),
    "over what has a known digest": lambda s3, at: s3.put_object(
        **at, Key=FILM, Body=b"x", IfMatch="0" * 32, **FRAME_TAG
    ),
    "unless it has a digest": lambda s3, at: s3.put_object(
        **at, Key=FILM, Body=b"x", IfNoneMatch="0" * 32, **FRAME_TAG
    ),
    "in parts": lambda s3, at: s3.create_multipart_upload(**at, Key=FILM, **FRAME_TAG),
    "a copy": lambda s3, at: s3.copy_object(
        **at, Key=FILM, CopySource=f"{at['Bucket']}/{FRAME}", TaggingDirective="REPLACE", **FRAME_TAG
    ),
    "a film marked as a frame": lambda s3, at: s3.put_object_tagging(
        **at, Key=FILM, Tagging={"TagSet": [{"Key": "kind", "Value": "frame"}]}
    ),
    "a frame without its mark": lambda s3, at: s3.delete_object_tagging(**at, Key=FRAME),
    "removed": lambda s3, at: s3.delete_object(**at, Key=FILM),
    "elsewhere": lambda s3, at: s3.put_object(**at, Key="x", Body=b"x", **ONCE, **FRAME_TAG),
    "marked, in latest": lambda s3, at: s3.put_object(
        **at, Key=latest_key("A1M-1"), Body=b"x", Tagging="kind=film"
    ),
}


@pytest.mark.parametrize("theft", THEFTS)
def test_a_stolen_key_of_the_collector_stores_nothing_that_stays_and_spoils_nothing(
    bucket: Bucket, theft: str
) -> None:
    with contextlib.suppress(ClientError):  # what moto thinks of it is not asked here
        THEFTS[theft](bucket.client, {"Bucket": bucket.name})
    assert bucket.asked
    assert not allows("EdgePolicy", *bucket.asked[0])


@pytest.mark.parametrize("key", [FILM, FRAME])
def test_what_it_may_ask_changes_nothing_that_is_there(bucket: Bucket, key: str) -> None:
    with pytest.raises(ClientError, match="PreconditionFailed"):
        bucket.client.put_object(
            Bucket=bucket.name, Key=key, Body=b"x", IfNoneMatch="*", Tagging="kind=frame"
        )
    assert allows("EdgePolicy", *bucket.asked[0])
    assert bucket.client.get_object(Bucket=bucket.name, Key=key)["Body"].read() == b"ours"


def test_a_frame_that_is_there_stays_and_its_put_is_content(bucket: Bucket, tmp_path: Path) -> None:
    put(bucket, FRAME, tmp_path, b"another")
    put(bucket, FILM, tmp_path, b"made again")
    read = S3FrameStore(bucket.client, bucket.name).get
    assert (read(FRAME), read(FILM)) == (b"ours", b"made again")
