"""Samples as folders in the data folder."""

import shutil
from collections.abc import Sequence
from pathlib import Path

from functions.shared.errors import TransientError
from functions.shared.samples import (
    DESCRIPTION_FILE,
    LISTED_LIMIT,
    PLACE,
    Sample,
    described,
    picture_name,
    sample_of,
)

_UNFINISHED = ".new"


class FileSamples:
    """Samples. A folder appears whole, or not at all. `most` is over 0."""

    def __init__(self, data_dir: Path, most: int) -> None:
        self._folder = data_dir / PLACE
        self._most = most

    def keep(self, sample: Sample, pictures: Sequence[bytes]) -> None:
        target = self._folder / sample.folder
        new = target.with_name(target.name + _UNFINISHED)
        try:
            if target.exists():
                return
            shutil.rmtree(new, ignore_errors=True)
            new.mkdir(parents=True)
            for number, picture in enumerate(pictures, 1):
                (new / picture_name(number)).write_bytes(picture)
            (new / DESCRIPTION_FILE).write_bytes(described(sample))
            new.rename(target)
            for old in self._folders()[self._most :]:
                shutil.rmtree(old)
        except OSError as error:
            raise TransientError(f"a sample cannot be kept: {error.strerror}") from error

    def newest(self) -> Sequence[Sample]:
        found = []
        for folder in self._folders()[:LISTED_LIMIT]:
            try:
                found.append(sample_of((folder / DESCRIPTION_FILE).read_bytes()))
            except OSError:  # removed meanwhile
                continue
        return [sample for sample in found if sample is not None]

    def _folders(self) -> list[Path]:
        """Newest first."""
        try:
            folders = [it for it in self._folder.iterdir() if it.suffix != _UNFINISHED]
        except OSError:
            return []
        return sorted(folders, key=lambda it: it.name, reverse=True)
