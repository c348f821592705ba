"""The cases of real printers, and their transcripts.

`python -m tests.e2e.field_cases.given` writes these anew; with names of cases it only prints those. Each is
to be read: it says what is right, not what is.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.e2e.field_cases.field_run import play

_HERE = Path(__file__).parent
TRANSCRIPTS = _HERE / "transcripts"
GIVEN = sorted(path.stem for path in (_HERE / "cases").glob("*.json"))


def given(name: str) -> dict[str, Any]:
    case: dict[str, Any] = json.loads((_HERE / "cases" / f"{name}.json").read_text(encoding="utf-8"))
    return case


def main(names: list[str]) -> None:
    for name in names or GIVEN:
        with tempfile.TemporaryDirectory() as folder:
            transcript = play(Path(folder), given(name), name).transcript()
        if names:
            sys.stdout.write(f"== {name}\n{transcript}\n")
        else:
            TRANSCRIPTS.mkdir(exist_ok=True)
            (TRANSCRIPTS / f"{name}.txt").write_text(transcript, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
