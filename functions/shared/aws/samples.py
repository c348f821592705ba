"""Samples as objects below `samples/` of the frames' bucket.

Actions used: PutObject, DeleteObject (keep), ListBucket, GetObject (newest).
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from functions.shared.aws.errors import translated
from functions.shared.errors import NotFoundError
from functions.shared.samples import (
    DESCRIPTION_FILE,
    LISTED_LIMIT,
    PLACE,
    Sample,
    described,
    picture_name,
    sample_of,
)

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

PREFIX = f"{PLACE}/"


class S3Samples:
    """Samples. The description is put last, so that what is listed is whole. `most` is over 0."""

    def __init__(self, client: "S3Client", bucket: str, most: int) -> None:
        self._client = client
        self._bucket = bucket
        self._most = most

    def keep(self, sample: Sample, pictures: Sequence[bytes]) -> None:
        folder = f"{PREFIX}{sample.folder}/"
        with translated():
            for number, picture in enumerate(pictures, 1):
                self._put(folder + picture_name(number), picture, "image/jpeg")
            self._put(folder + DESCRIPTION_FILE, described(sample), "application/json")
            folders = self._folders()
            for old in sorted(folders, reverse=True)[self._most :]:
                for key in folders[old]:
                    self._client.delete_object(Bucket=self._bucket, Key=key)

    def newest(self) -> Sequence[Sample]:
        found = []
        with translated():
            folders = self._folders()
            for folder in sorted(folders, reverse=True)[:LISTED_LIMIT]:
                key = folder + DESCRIPTION_FILE
                if key in folders[folder]:
                    found.append(sample_of(self._read(key)))
        return [sample for sample in found if sample is not None]

    def _folders(self) -> dict[str, list[str]]:
        folders: dict[str, list[str]] = {}
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=self._bucket, Prefix=PREFIX)
        for page in pages:
            for item in page.get("Contents", []):
                key = item["Key"]
                folders.setdefault(key[: key.rindex("/") + 1], []).append(key)
        return folders

    def _put(self, key: str, content: bytes, content_type: str) -> None:
        self._client.put_object(Bucket=self._bucket, Key=key, Body=content, ContentType=content_type)

    def _read(self, key: str) -> bytes:
        try:
            with translated():
                return self._client.get_object(Bucket=self._bucket, Key=key)["Body"].read()
        except NotFoundError:  # removed meanwhile
            return b""
