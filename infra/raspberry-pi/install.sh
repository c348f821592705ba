#!/usr/bin/env bash
# Installs Printer Realtime Bridge as a service that starts with the machine. Run it again to upgrade.
# `install.sh help` tells how. Raspberry Pi OS, Debian 12 and newer, and their relatives.

set -euo pipefail
umask 022

# For trials: everything lands below this folder, and systemd is left alone unless SYSTEMCTL names what stands for it.
DESTDIR=${DESTDIR:-}
SYSTEMCTL=${SYSTEMCTL:-}
# The interpreter to build with; Python 3.11 or newer.
PYTHON=${PYTHON:-python3}
# How long a service must have run without an end before it counts as running: a release that crashes at the first
# message of a printer, not at its start, is found too.
SETTLE_SECONDS=${SETTLE_SECONDS:-20}

readonly PROGRAMS=(printer-collector printer-bridge)
readonly HOME_FOLDER=$DESTDIR/opt/printer-bridge
readonly SETTINGS_FOLDER=$DESTDIR/etc/printer-bridge
readonly UNITS_FOLDER=$DESTDIR/etc/systemd/system
readonly UNCHANGED="what was installed before is unchanged"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
source_folder=$(cd "$here/../.." && pwd)
readonly here source_folder
work_folder="" new_version=""

usage() {
    cat <<'TEXT'
sudo ./install.sh collector         watch the printers here, send what is seen to AWS
sudo ./install.sh bridge            everything on this machine, without AWS
sudo ./install.sh rollback          go back to the version before
sudo ./install.sh uninstall         remove programs and services; settings and data stay
sudo ./install.sh uninstall --purge remove settings and data too

Run it again (from a newer clone) to upgrade: settings and data stay, the service is started anew. An upgrade that
cannot be installed, or whose service does not run, changes nothing.
TEXT
}

main() {
    case "${1:-}" in
        collector | bridge) [ $# -eq 1 ] || { usage >&2; exit 2; }; install_program "$1" ;;
        rollback) [ $# -eq 1 ] || { usage >&2; exit 2; }; roll_back ;;
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

has_systemd() { [ -n "$SYSTEMCTL" ]; }

find_systemd() {
    if [ -z "$DESTDIR" ] && [ -z "$SYSTEMCTL" ] && [ -d /run/systemd/system ]; then SYSTEMCTL=systemctl; fi
}

need_root() {
    [ -n "$DESTDIR" ] || [ "$(id -u)" -eq 0 ] || fail "run it with sudo"
}

# One at a time: two would remove each other's versions.
take_the_lock() {
    install -d -m 755 "$HOME_FOLDER/versions"
    exec 9>"$HOME_FOLDER/lock"
    flock -n 9 || fail "another install.sh is at work"
}

install_program() {
    local name=$1 unit=printer-$1 settings=$SETTINGS_FOLDER/$1.env is_new=no
    need_root
    check_machine "$name"
    get_python_ready
    take_the_lock
    trap clean_up EXIT
    make_version "$name"
    install -d -m 755 "$SETTINGS_FOLDER"
    if [ ! -e "$settings" ]; then
        install -m 600 "$here/$name.env.example" "$settings"
        is_new=yes
    fi
    chmod 600 "$settings"
    change_to "$new_version" "$unit" "$is_new"
    if ! has_systemd; then
        say "systemd is left alone"
    elif [ "$is_new" = yes ]; then
        say "Now fill in $settings, then: sudo systemctl start $unit"
    else
        "$SYSTEMCTL" --no-pager --lines=0 status "$unit" || true
    fi
    remove_old_versions
}

roll_back() {
    local before
    need_root
    take_the_lock
    before=$(version_of previous)
    [ -n "$before" ] || fail "there is no version before this one (it is kept from the second installation on)"
    change_to "$before" "" no
    say "Back at the version of $(basename "$before"); 'install.sh rollback' again leads forward"
}

check_machine() {
    local name=$1
    is_32_bit=no
    # A 64-bit kernel may carry a 32-bit system, for which some libraries cannot be had.
    [ "$(getconf LONG_BIT)" = 64 ] || is_32_bit=yes
    case "$(uname -m)" in
        aarch64 | arm64 | x86_64 | amd64) ;;
        armv7l | armv6l) is_32_bit=yes ;;
        *) fail "this is a $(uname -m) machine; a 64-bit system is needed (Raspberry Pi OS 64-bit)" ;;
    esac
    if [ "$is_32_bit" = yes ] && wants_bridge "$name"; then
        fail "this is a 32-bit system ($(uname -m)), where only the collector runs; for the bridge install Raspberry Pi OS 64-bit"
    fi
    [ -f "$source_folder/pyproject.toml" ] || fail "run it from a whole clone of the repository"
}

# Both programs run from one version: it has what the larger one needs, as long as that is installed.
wants_bridge() { [ "$1" = bridge ] || [ -e "$UNITS_FOLDER/printer-bridge.service" ]; }

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

# Each version has a folder of its own and becomes the current one when it is whole. It is built by an ordinary
# user, of wheels whose hashes the locks name; root runs nothing of it.
make_version() {
    local name=$1 lock=collector program
    if wants_bridge "$name"; then
        lock=run
    elif [ "$is_32_bit" = yes ]; then
        lock=collector-32-bit
    fi
    new_version=$HOME_FOLDER/versions/$(date -u +%Y%m%dT%H%M%SZ)-$$
    say "Installing the program (a few minutes on a small machine)"
    work_folder=$(mktemp -d)
    install -d -m 755 "$work_folder/source" "$new_version"
    # A copy, so that building leaves nothing behind in the clone.
    (cd "$source_folder" && cp -R pyproject.toml README.md LICENSE collector functions infra "$work_folder/source/")
    find_builder
    as_builder "$PYTHON" -m venv "$new_version"
    pip_install --require-hashes --only-binary :all: --requirement "$work_folder/source/infra/locks/$lock.txt"
    # What the package itself is built with is no part of the version.
    pip_install --require-hashes --only-binary :all: --target "$work_folder/build" \
        --requirement "$work_folder/source/infra/locks/build.txt"
    PYTHONPATH=$work_folder/build${PYTHONPATH:+:$PYTHONPATH} pip_install --no-build-isolation "$work_folder/source"
    for program in "${PROGRAMS[@]}"; do
        as_builder "$new_version/bin/$program" --help >/dev/null || fail "$program does not start; $UNCHANGED"
    done
    say "Trying it${how_it_is_tried[$lock]}"
    try_out "$new_version" "$lock" || fail "the program does not run here; $UNCHANGED"
    if [ -n "$builder" ]; then chown -hR 0:0 "$new_version"; fi
    chmod -R go-w "$new_version"
    install -d -m 755 "$new_version/units"
    for program in "${PROGRAMS[@]}"; do
        install -m 644 "$here/$program.service" "$new_version/units/"
    done
}

declare -rA how_it_is_tried=([run]=" with a simulated printer" [collector]="" [collector-32-bit]="")

# Whoever builds: not root, where that user can reach what is needed (a trial below a private folder cannot).
builder=""
find_builder() {
    if [ "$(id -u)" -ne 0 ]; then return; fi
    chown -R nobody "$work_folder" "$new_version"
    builder=nobody
    if ! as_builder test -w "$new_version" || ! as_builder test -w "$work_folder" || ! as_builder "$PYTHON" -c ''; then
        say "(An ordinary user cannot reach $new_version or $PYTHON: it is built as root.)"
        builder=""
        chown -R 0:0 "$work_folder" "$new_version"
    fi 2>/dev/null
}

as_builder() {
    if [ -z "$builder" ]; then
        "$@"
    else
        HOME=$work_folder setpriv --reuid="$builder" --regid="$(id -g "$builder")" --clear-groups --no-new-privs -- "$@"
    fi
}

pip_install() {
    as_builder "$new_version/bin/python" -m pip install --quiet --no-cache-dir --disable-pip-version-check \
        --no-deps "$@" >"$work_folder/pip" 2>&1 && return
    grep -E '^ *(ERROR|error)' "$work_folder/pip" | tail -n 5 | cut -c 1-300 >&2 || true
    fail "the program could not be installed; $UNCHANGED"
}

# The version of `current` or `previous`; nothing if there is none.
version_of() {
    local folder
    folder=$(readlink -f "$HOME_FOLDER/$1" 2>/dev/null) || return 0
    if [ -d "$folder" ]; then printf '%s\n' "$folder"; fi
}

point() {
    ln -sfn "versions/$(basename "$2")" "$HOME_FOLDER/next"
    mv -T "$HOME_FOLDER/next" "$HOME_FOLDER/$1"
}

# Makes a version the current one and starts anew whatever ran before. If one of these does not run then, the version
# before is made the current one again, with its services. $2: a service to install with it; $3: whether its settings
# are still to be filled in.
change_to() {
    local version=$1 unit=$2 is_new=$3 before older program
    local -a installed=() running=() struggling=() wanted=()
    before=$(version_of current)
    older=$(version_of previous)
    for program in "${PROGRAMS[@]}"; do
        if [ -e "$UNITS_FOLDER/$program.service" ]; then
            installed+=("$program")
            # Of a time when versions did not keep their own.
            if [ -n "$before" ] && [ ! -e "$before/units/$program.service" ]; then
                install -D -m 644 "$UNITS_FOLDER/$program.service" "$before/units/$program.service"
            fi
            if ! has_systemd; then continue; fi
            if "$SYSTEMCTL" --quiet is-active "$program"; then
                running+=("$program")
            elif [ "$("$SYSTEMCTL" show --property ActiveState --value "$program")" = activating ]; then
                struggling+=("$program") # it ends again and again: what is changed to may mend that
            fi
        fi
    done
    wanted=("${running[@]}" "${struggling[@]}")
    if [ -n "$unit" ]; then
        case " ${installed[*]} " in *" $unit "*) ;; *) say "Writing the service $unit"; installed+=("$unit") ;; esac
        case " ${wanted[*]} " in *" $unit "*) ;; *) [ "$is_new" = yes ] || wanted+=("$unit") ;; esac
    fi
    switch_to "$version" "${installed[@]}"
    if [ -n "$before" ]; then point previous "$before"; fi
    if has_systemd && [ -n "$unit" ]; then "$SYSTEMCTL" --quiet enable "$unit"; fi
    if ! start_anew "${wanted[@]}"; then
        # What did not run before either is no reason to go back: its settings may be to blame, or the old version.
        if [ -z "$before" ] || ! is_one_of "$failed" "${running[@]}"; then
            fail "$failed does not run: journalctl -u $failed -n 20"
        fi
        say "$failed does not run; going back to the version before"
        if [ -n "$older" ]; then point previous "$older"; else rm -f "$HOME_FOLDER/previous"; fi
        switch_to "$before" "${running[@]}"
        start_anew "${running[@]}" ||
            fail "$failed does not run with the version before either: journalctl -u $failed -n 20"
        fail "$failed does not run with that version (journalctl -u $failed); the version before runs again"
    fi
}

is_one_of() {
    local word=$1 other
    shift
    for other in "$@"; do if [ "$other" = "$word" ]; then return 0; fi; done
    return 1
}

switch_to() {
    local version=$1 program
    shift
    point current "$version"
    install -d -m 755 "$UNITS_FOLDER"
    for program in "$@"; do
        if [ -e "$version/units/$program.service" ]; then
            install -m 644 "$version/units/$program.service" "$UNITS_FOLDER/$program.service"
        fi
    done
    if has_systemd; then "$SYSTEMCTL" daemon-reload; fi
}

# Restarts services and looks on for a while. False, with its name in `failed`, when one of them does not run.
start_anew() {
    local program waited
    has_systemd || return 0
    for program in "$@"; do
        failed=$program
        "$SYSTEMCTL" restart "$program" || return 1
    done
    if [ $# -gt 0 ]; then say "Looking on for $SETTLE_SECONDS s whether it goes on running"; fi
    local -A starts=()
    for program in "$@"; do starts[$program]=$(starts_of "$program"); done
    for ((waited = 0; waited <= SETTLE_SECONDS; waited++)); do
        for program in "$@"; do
            failed=$program
            "$SYSTEMCTL" --quiet is-active "$program" || return 1
            [ "$(starts_of "$program")" = "${starts[$program]}" ] || return 1
        done
        if [ $# -eq 0 ] || [ "$waited" -eq "$SETTLE_SECONDS" ]; then break; fi
        sleep 1
    done
}

starts_of() { "$SYSTEMCTL" show --property NRestarts --value "$1"; }

# Started for real, with nothing of this machine's settings, until it says that it is ready and (the bridge, which
# has a simulated printer then) its API answers: what only fails at a start (another Python, a library that does not
# load) is found before the switch.
try_out() {
    local version=$1 trial=$work_folder/trial settings program=printer-collector
    settings=(WS_URL_TEMPLATE='ws://127.0.0.1:9/{printer_id}' PRINTERS_API_URL=http://127.0.0.1:9/
        REPORTS_QUEUE_URL=https://sqs.eu-central-1.amazonaws.com/000000000000/trial.fifo FRAMES_BUCKET=trial
        AWS_ENDPOINT_URL=http://127.0.0.1:9 AWS_ACCESS_KEY_ID=trial AWS_SECRET_ACCESS_KEY=trial)
    if [ "$2" = run ]; then
        program=printer-bridge
        settings=(SIMULATE=1 HOST=127.0.0.1 PORT=0 IMAGES_DIR="$trial/images")
    fi
    install -d "$trial"
    if [ -n "$builder" ]; then chown "$builder" "$trial"; fi
    as_builder env -i PATH="$PATH" HOME="$trial" PYTHONPATH="${PYTHONPATH:-}" "$version/bin/python" - \
        "$trial" env DATA_DIR="$trial/state" "${settings[@]}" "$version/bin/$program" <<'PYTHON' && return 0
import os, re, socket, subprocess, sys, time, urllib.request

folder, *command = sys.argv[1:]
os.chdir(folder)
end = time.monotonic() + 120  # a Raspberry Pi Zero 2 needs a quarter of it
ready = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
ready.bind("ready")
ready.settimeout(0.2)
is_ready = answers = False
with open("said", "wb") as said:
    program = subprocess.Popen(
        command, env={**os.environ, "NOTIFY_SOCKET": folder + "/ready"}, stdin=subprocess.DEVNULL,
        stdout=said, stderr=said,
    )
    while time.monotonic() < end and program.poll() is None and not (is_ready and answers):
        try:
            is_ready = is_ready or ready.recv(4096).startswith(b"READY=1")
        except TimeoutError:
            pass
        text = open("said", encoding="utf-8", errors="replace").read()
        address = re.search(r"http://127\.0\.0\.1:\d+", text)
        if not command[-1].endswith("printer-bridge"):
            answers = True
        elif address:
            try:
                opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
                answers = opener.open(address[0] + "/api/", timeout=10).read() == b"OK"
            except OSError:
                pass
    is_well = program.poll() is None and is_ready and answers
    program.terminate()
    try:
        is_well = program.wait(15) == 0 and is_well
    except subprocess.TimeoutExpired:
        program.kill()
        is_well = False
sys.exit(not is_well)
PYTHON
    tail -n 20 "$trial/said" >&2
    return 1
}

clean_up() {
    [ -z "$work_folder" ] || rm -rf "$work_folder"
    [ -z "$new_version" ] || [ "$(version_of current)" = "$new_version" ] || rm -rf "$new_version"
}

# The one before stays: it is what `rollback` goes back to, and what a service that was not started anew runs from.
remove_old_versions() {
    local folder current previous
    current=$(version_of current)
    previous=$(version_of previous)
    for folder in "$HOME_FOLDER"/versions/*; do
        if [ "$folder" != "$current" ] && [ "$folder" != "$previous" ]; then rm -rf "$folder"; fi
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
            "$SYSTEMCTL" --quiet disable --now "$unit" || true
        fi
        rm -f "$UNITS_FOLDER/$unit.service"
        if [ "$is_purged" = yes ]; then
            rm -rf "$DESTDIR/var/lib/$unit" "$DESTDIR/var/lib/private/$unit"
        fi
    done
    if has_systemd; then "$SYSTEMCTL" daemon-reload; fi
    rm -rf "$HOME_FOLDER"
    if [ "$is_purged" = yes ]; then
        rm -rf "$SETTINGS_FOLDER"
        say "Removed, with settings and data"
    else
        say "Removed. Settings stay in $SETTINGS_FOLDER, data in $DESTDIR/var/lib (uninstall --purge removes them)"
    fi
}

find_systemd
main "$@"
