"""What a program that is started gets to know: no setting, no secret."""

import ast
from pathlib import Path

import pytest

from functions.shared.runtime.child_environment import child_environment
from functions.shared.settings import declarations
from tests.test_architecture import PROGRAM, ROOT

STARTING = {
    "asyncio": {"create_subprocess_exec", "create_subprocess_shell"},
    "os": {"execl", "execlp", "execv", "execvp", "popen", "posix_spawn", "posix_spawnp", "system"}
    | {f"spawn{kind}" for kind in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")},
    "subprocess": {"Popen", "call", "check_call", "check_output", "getoutput", "getstatusoutput", "run"},
}


def test_neither_settings_nor_credentials_are_handed_on() -> None:
    given = {it.variable: "secret" for it in declarations()} | {
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "secret",
        "NOTIFY_SOCKET": "@x",
        "PATH": "/usr/bin",
        "LC_ALL": "C.UTF-8",
        "HTTPS_PROXY": "http://me:secret@proxy",
    }
    assert child_environment(given) == {"PATH": "/usr/bin", "LC_ALL": "C.UTF-8"}


def test_what_a_child_needs_besides_is_named() -> None:
    given = {"AWS_PROFILE": "me", "HTTPS_PROXY": "http://proxy", "API_KEY": "secret"}
    assert child_environment(given, "HTTPS_PROXY", prefixes=("AWS_",)) == {
        "AWS_PROFILE": "me",
        "HTTPS_PROXY": "http://proxy",
    }


def started_with_everything(source: str) -> list[str]:
    """Calls that start a program with whatever this process has in its environment."""
    tree = ast.parse(source)
    bare = [
        f"from {node.module} import {alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.name in STARTING.get(node.module or "", ())
    ]
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        given = [ast.unparse(it.value) for it in node.keywords if it.arg == "env"]
        is_start = node.func.attr in STARTING.get(ast.unparse(node.func.value), ())
        if is_start and (not given or given[0] in ("None", "os.environ", "dict(os.environ)")):
            bare.append(ast.unparse(node))
    return bare


@pytest.mark.parametrize(
    "source",
    [
        "subprocess.run(command)",
        "subprocess.Popen(command, env=None)",
        "subprocess.check_output(command, env=os.environ)",
        "os.system('ls')",
        "os.execvp('ls', [])",
        "await asyncio.create_subprocess_exec('ls')",
        "from subprocess import run",
    ],
)
def test_a_start_with_everything_is_seen(source: str) -> None:
    assert started_with_everything(source) != []


@pytest.mark.parametrize("path", PROGRAM, ids=str)
def test_no_program_is_started_with_everything(path: Path) -> None:
    assert started_with_everything((ROOT / path).read_text("utf-8")) == []
