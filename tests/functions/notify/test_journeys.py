"""Journeys through the chat read as their transcripts, which a person has looked at."""

from pathlib import Path

import pytest

from tests.functions.notify.journeys import JOURNEYS, TRANSCRIPTS, transcript_of


@pytest.mark.parametrize("name", JOURNEYS)
def test_a_journey_reads_as_its_transcript(tmp_path: Path, name: str) -> None:
    assert transcript_of(name, tmp_path) == (TRANSCRIPTS / f"{name}.txt").read_text(encoding="utf-8")
