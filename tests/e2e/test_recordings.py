"""What a person gets in the chat for each recording of BambUI, word for word.

The transcripts lie beside this file. After a wanted change of words, write them anew with
`python -m tests.e2e.test_recordings`, and read the difference.
"""

import tempfile
from pathlib import Path

import pytest

from tests.e2e.replay import Replay
from tests.support.recordings import RECORDINGS, load_recording
from tests.support.telegram.server import Posted, TelegramServer

_TRANSCRIPTS = Path(__file__).parent / "transcripts"


def transcript_of(folder: Path, name: str) -> str:
    """The chat as a person sees it, a mark where a message has an image."""
    with TelegramServer() as telegram:
        replay = Replay(folder, telegram, printer_id=name.rsplit("_", 1)[1])
        replay.play(load_recording(name))
        replay.stop()
        assert telegram.refusals == []
        return "\n\n".join(_shown(message) for message in telegram.messages) + "\n"


def _shown(message: Posted) -> str:
    return ("[photo]\n" if message.photo else "") + message.text


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_chat_of_a_recording(tmp_path: Path, name: str) -> None:
    expected = (_TRANSCRIPTS / f"{name}.txt").read_text(encoding="utf-8")
    assert transcript_of(tmp_path, name) == expected


def _write_anew() -> None:
    _TRANSCRIPTS.mkdir(exist_ok=True)
    for name in RECORDINGS:
        with tempfile.TemporaryDirectory() as folder:
            (_TRANSCRIPTS / f"{name}.txt").write_text(transcript_of(Path(folder), name), encoding="utf-8")


if __name__ == "__main__":
    _write_anew()
