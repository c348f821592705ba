"""Commands are shown as they have to be typed where the person is."""

from pathlib import Path

import pytest

from infra.local.cli import as_typed, program_name


@pytest.fixture
def script(tmp_path: Path) -> Path:
    """As a virtual environment has it."""
    file = tmp_path / ".venv" / "bin" / "printer-bridge"
    file.parent.mkdir(parents=True)
    file.touch(mode=0o755)
    return file


def test_in_the_folder_of_the_virtual_environment(tmp_path: Path, script: Path) -> None:
    python, module = script.with_name("python"), tmp_path / "infra" / "local" / "__main__.py"
    assert program_name(python, module, tmp_path, lambda _: None) == ".venv/bin/printer-bridge"
    assert program_name(python, module, Path("/elsewhere"), lambda _: None) == str(script)


def test_on_path_the_name_is_enough_and_another_one_there_is_not_taken(tmp_path: Path, script: Path) -> None:
    python = script.with_name("python")
    assert program_name(python, script, tmp_path, lambda _: str(script)) == "printer-bridge"
    assert program_name(python, script, tmp_path, lambda _: "/other/it") == ".venv/bin/printer-bridge"


def test_a_script_far_from_its_python(tmp_path: Path, script: Path) -> None:
    assert program_name(Path("/usr/bin/python3"), script, tmp_path, lambda _: None).endswith("printer-bridge")


def test_without_a_script_the_module_is_named(tmp_path: Path) -> None:
    (tmp_path / "my tools").mkdir()
    python = tmp_path / "my tools" / "python"
    shown = program_name(python, tmp_path / "__main__.py", tmp_path, lambda _: None)
    assert shown == "'my tools/python' -m infra.local"


def test_only_commands_are_changed() -> None:
    text = (
        "`printer-bridge chat-id` shows it; /x/printer-bridge doctor, `printer-bridge`, printer-bridge stack"
    )
    assert as_typed(text, "./pb") == text.replace("`printer-bridge chat-id`", "`./pb chat-id`")
