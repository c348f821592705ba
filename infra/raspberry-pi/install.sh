#!/usr/bin/env bash
# Installs Printer Realtime Bridge as a service that starts with the machine. Run it again to upgrade.
# `install.sh help` tells how. Raspberry Pi OS 64-bit, Debian 12 and newer, and their relatives.

set -euo pipefail
umask 022

# For trials: everything lands below this folder and systemd is left alone.
DESTDIR=${DESTDIR:-}
# The interpreter to build with; Python 3.11 or newer.
PYTHON=${PYTHON:-python3}

readonly PROGRAMS=(printer-collector printer-bridge)
readonly HOME_FOLDER=$DESTDIR/opt/printer-bridge
readonly SETTINGS_FOLDER=$DESTDIR/etc/printer-bridge
readonly UNITS_FOLDER=$DESTDIR/etc/systemd/system
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_folder=$(cd "$here/../.." && pwd)
readonly here source_folder
work_folder=""

usage() {
    cat <<'TEXT'
sudo ./install.sh collector         watch the printers here, send what is seen to AWS
sudo ./install.sh bridge            everything on this machine, without AWS
sudo ./install.sh uninstall         remove programs and services; settings and data stay
sudo ./install.sh uninstall --purge remove settings and data too

Run it again (from a newer clone) to upgrade: settings and data stay, the service is started anew.
TEXT
}

main() {
    case "${1:-}" in
        collector | bridge) [ $# -eq 1 ] || { usage >&2; exit 2; }; install_program "$1" ;;
        uninstall) uninstall "${2:-}" ;;
        help | -h | --help) usage ;;
        *) usage >&2; exit 2 ;;
    esac
}

say() { printf '%s\n' "$*"; }

fail() {
    printf 'install.sh: %s\n' "$*" >&2
    exit 1
}

has_systemd() { [ -z "$DESTDIR" ] && [ -d /run/systemd/system ]; }

need_root() {
    [ -n "$DESTDIR" ] || [ "$(id -u)" -eq 0 ] || fail "run it with sudo"
}

install_program() {
    local name=$1 unit=printer-$1 settings=$SETTINGS_FOLDER/$1.env is_new=no
    need_root
    check_machine
    get_python_ready
    trap clean_up EXIT
    install_version
    say "Writing the service $unit"
    install -d -m 755 "$UNITS_FOLDER"
    install -m 644 "$here/$unit.service" "$UNITS_FOLDER/$unit.service"
    install -d -m 755 "$SETTINGS_FOLDER"
    if [ ! -e "$settings" ]; then
        install -m 600 "$here/$name.env.example" "$settings"
        is_new=yes
    fi
    chmod 600 "$settings"
    start_service "$unit" "$settings" "$is_new"
    remove_old_versions
}

check_machine() {
    case "$(uname -m)" in
        aarch64 | arm64 | x86_64 | amd64) ;;
        *) fail "this is a $(uname -m) machine; a 64-bit system is needed (Raspberry Pi OS 64-bit)" ;;
    esac
    # A 64-bit kernel may carry a 32-bit system, for which some libraries cannot be had.
    [ "$(getconf LONG_BIT)" = 64 ] || fail "the system is 32-bit; install Raspberry Pi OS 64-bit"
    [ -f "$source_folder/pyproject.toml" ] || fail "run it from a whole clone of the repository"
}

get_python_ready() {
    if [ -z "$DESTDIR" ] && ! "$PYTHON" -c 'import ensurepip, venv' 2>/dev/null; then
        command -v apt-get >/dev/null || fail "Python 3.11 or newer with its venv module is needed"
        say "Installing python3-venv"
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq python3-venv >/dev/null ||
            fail "python3-venv cannot be installed: run 'sudo apt-get update' and try again"
    fi
    "$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        fail "Python 3.11 or newer is needed, this is $("$PYTHON" --version 2>&1) (Debian 12 has it)"
}

# Each version has a folder of its own and becomes the current one when it is whole: a failed upgrade
# changes nothing.
install_version() {
    local versions=$HOME_FOLDER/versions
    new_version=$versions/$(date -u +%Y%m%dT%H%M%SZ)-$$
    say "Installing the program (a few minutes on a small machine)"
    install -d -m 755 "$versions"
    work_folder=$(mktemp -d)
    # A copy, so that building leaves nothing behind in the clone.
    (cd "$source_folder" && cp -R pyproject.toml README.md LICENSE collector functions infra "$work_folder/")
    "$PYTHON" -m venv "$new_version"
    "$new_version/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check "$work_folder" ||
        fail "the program could not be installed; what was installed before is unchanged"
    local program
    for program in "${PROGRAMS[@]}"; do
        "$new_version/bin/$program" --help >/dev/null ||
            fail "$program does not start; what was installed before is unchanged"
    done
    try_out "$new_version" || fail "the program does not run here; what was installed before is unchanged"
    ln -sfn "versions/$(basename "$new_version")" "$HOME_FOLDER/next"
    mv -T "$HOME_FOLDER/next" "$HOME_FOLDER/current"
    installed_version=$new_version
}

# Started for real, with a simulated printer and nothing of this machine's settings, until its API answers: what
# only fails at a start (another Python, a library that does not load) is found before the switch.
try_out() {
    local version=$1 trial=$work_folder/trial program
    install -d "$trial"
    say "Trying it with a simulated printer"
    (
        cd "$trial"
        exec env -i PATH="$PATH" HOME="$trial" PYTHONPATH="${PYTHONPATH:-}" SIMULATE=1 HOST=127.0.0.1 PORT=0 \
            DATA_DIR="$trial/state" IMAGES_DIR="$trial/images" "$version/bin/printer-bridge"
    ) >"$trial/said" 2>&1 &
    program=$!
    trial_program=$program
    if "$version/bin/python" - "$trial/said" "$program" <<'PYTHON'; then
import re, sys, time, urllib.request

said, program = sys.argv[1:]
end = time.monotonic() + 120  # a Raspberry Pi Zero 2 needs a quarter of it
while time.monotonic() < end:
    if open(f"/proc/{program}/stat").read().rpartition(")")[2].split()[0] == "Z":
        sys.exit(1)  # it has ended
    address = re.search(r"http://127\.0\.0\.1:\d+", open(said, encoding="utf-8", errors="replace").read())
    if address:
        try:
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            sys.exit(opener.open(address[0] + "/api/", timeout=10).read() != b"OK")
        except OSError:
            pass
    time.sleep(0.2)
sys.exit(1)
PYTHON
        kill -TERM "$program"
        wait "$program" && trial_program="" && return 0
    fi
    kill -KILL "$program" 2>/dev/null || true
    trial_program=""
    tail -n 20 "$trial/said" >&2
    return 1
}

clean_up() {
    [ -z "${trial_program:-}" ] || kill -KILL "$trial_program" 2>/dev/null || true
    [ -z "$work_folder" ] || rm -rf "$work_folder"
    [ -z "${new_version:-}" ] || [ "${installed_version:-}" = "$new_version" ] || rm -rf "$new_version"
}

start_service() {
    local unit=$1 settings=$2 is_new=$3
    if ! has_systemd; then
        say "systemd is left alone"
        return
    fi
    systemctl daemon-reload
    systemctl --quiet enable "$unit"
    if [ "$is_new" = yes ]; then
        say "Now fill in $settings, then: sudo systemctl start $unit"
        return
    fi
    local other
    for other in "${PROGRAMS[@]}"; do # both run from the same folder, of which the old versions go now
        if [ "$other" = "$unit" ] || systemctl --quiet is-active "$other"; then
            systemctl restart "$other" || fail "$other does not start: journalctl -u $other -n 20"
        fi
    done
    systemctl --no-pager --lines=0 status "$unit" || true
}

remove_old_versions() {
    local folder
    for folder in "$HOME_FOLDER"/versions/*; do
        [ "$folder" = "$installed_version" ] || rm -rf "$folder"
    done
}

uninstall() {
    local is_purged=no unit
    case "${1:-}" in
        "") ;;
        --purge) is_purged=yes ;;
        *) usage >&2; exit 2 ;;
    esac
    need_root
    for unit in "${PROGRAMS[@]}"; do
        if has_systemd && [ -e "$UNITS_FOLDER/$unit.service" ]; then
            systemctl --quiet disable --now "$unit" || true
        fi
        rm -f "$UNITS_FOLDER/$unit.service"
        if [ "$is_purged" = yes ]; then
            rm -rf "$DESTDIR/var/lib/$unit" "$DESTDIR/var/lib/private/$unit"
        fi
    done
    if has_systemd; then systemctl daemon-reload; fi
    rm -rf "$HOME_FOLDER"
    if [ "$is_purged" = yes ]; then
        rm -rf "$SETTINGS_FOLDER"
        say "Removed, with settings and data"
    else
        say "Removed. Settings stay in $SETTINGS_FOLDER, data in $DESTDIR/var/lib (uninstall --purge removes them)"
    fi
}

main "$@"
