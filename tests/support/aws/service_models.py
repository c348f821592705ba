"""What boto3 knows of each service, read once in a process of tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import pytest
from botocore.loaders import JSONFileLoader


@contextmanager
def service_models_are_read_once() -> Iterator[None]:
    """Each session of boto3 parses megabytes of JSON anew, which is four fifths of what a client costs."""
    load = JSONFileLoader.load_file

    @cache
    def loaded(path: str) -> Any:
        return load(JSONFileLoader(), path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(JSONFileLoader, "load_file", lambda _, path: loaded(path))
        yield
