#!/usr/bin/env bash
# Rehearses releases with the real thing, as far as it is here: `sudo make rehearse`, or of its parts
#   infra/rehearse.sh systemd docker arm64 arm64-trixie armhf
# Each part that cannot run says what is missing and is skipped; exit code 1 when one that ran has failed.
# Nothing stays: not a folder, mount, process or image. REHEARSAL=FOLDER keeps the trees of Debian there, to be used
# again (half a gigabyte each).
# shellcheck disable=SC2329 # the parts are called by their names
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly PARTS=(systemd docker arm64 arm64-trixie armhf)
readonly TRUST=/etc/ssl/certs/ca-certificates.crt
readonly PYTHON_PACKAGES=python3,python3-venv,ca-certificates
# What a print takes with its film; emulated, and beside others.
readonly PRINT_SECONDS=${PRINT_SECONDS:-900}
trees=${REHEARSAL:-}
work=""

main() {
    local part why code failed=0
    [ $# -gt 0 ] || set -- "${PARTS[@]}"
    for part in "$@"; do
        case " ${PARTS[*]} " in *" $part "*) ;; *) printf 'the parts are: %s\n' "${PARTS[*]}" >&2; exit 2 ;; esac
    done
    trap throw_away EXIT
    trap 'exit 130' INT # the part that runs may end as if it had failed, and the next would begin
    trap 'exit 143' TERM
    work=$(mktemp -d "${TMPDIR:-/var/tmp}/printer-bridge-rehearsal.XXXXXX") # /tmp may be in memory
    if [ -z "$trees" ]; then trees=$work; fi
    mkdir -p "$trees"
    for part in "$@"; do
        printf '== %s\n' "$part"
        if ! why=$("can_$part"); then
            printf 'skipped: %s\n' "$why"
            continue
        fi
        set +e # of a subshell in an `if` bash would go on after a failure
        (
            set -e
            trap stop_all EXIT
            "rehearse_$part"
        )
        code=$?
        set -e
        if [ "$code" -eq 0 ]; then printf 'ok: %s\n' "$part"; else printf 'FAILED: %s\n' "$part"; failed=1; fi
    done
    exit "$failed"
}

throw_away() {
    if [ -n "$work" ]; then rm -rf --one-file-system "$work"; fi
}

needs() {
    local tool
    [ "$(id -u)" -eq 0 ] || { echo "it needs root"; return 1; }
    for tool in "$@"; do
        command -v "$tool" >/dev/null || { echo "$tool is not installed"; return 1; }
    done
}

step() { printf -- '-- %s\n' "$*"; }

wait_until() {
    local seconds=$1 end
    shift
    end=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { printf 'not within %s s: %s\n' "$seconds" "$*" >&2; return 1; }
        sleep 1
    done
}

# A tree of Debian, unless it is there from an earlier rehearsal.
make_debian() {
    local tree=$1 suite=$2 packages=$3 processor=${4:-$(dpkg --print-architecture)}
    if [ -e "$tree/whole" ]; then return; fi
    rm -rf --one-file-system "$tree"
    apart debootstrap --variant=minbase --arch="$processor" --include="$packages" "$suite" "$tree" >"$work/debootstrap" 2>&1 ||
        { tail -n 20 "$work/debootstrap" >&2; return 1; }
    touch "$tree/whole"
}

# What this machine trusts, and how it finds names.
give_trust() {
    if [ -e "$TRUST" ]; then
        mkdir -p "$1/etc/ssl/certs"
        cp "$TRUST" "$1/etc/ssl/certs/"
    fi
    cp -L /etc/resolv.conf "$1/etc/resolv.conf"
}

# A tree of Debian without anything of an earlier rehearsal, and with the clone in /clone.
make_ready() {
    local tree=$1
    rm -rf "$tree/clone" "$tree/print" "$tree/opt/printer-bridge" "$tree/etc/printer-bridge" \
        "$tree"/var/lib/printer-* "$tree"/var/lib/private/printer-* "$tree"/etc/systemd/system/printer-*
    mkdir -p "$tree/clone"
    git ls-files -z | tar -c --null -T - | tar -x -C "$tree/clone"
    give_trust "$tree"
}

# In namespaces of its own: when it ends, so do its processes and mounts.
apart() { unshare --mount --pid --fork --kill-child --mount-proc "$@"; }

# The process below which all others of a part are, in namespaces of their own.
keeper=""
binfmt="" binfmt_is_ours=no
stop_all() {
    local child
    if [ -n "$keeper" ]; then
        for child in $(pgrep -P "$keeper" || true); do kill -KILL "$child" 2>/dev/null || true; done
        wait_until 10 not_there "$keeper" || kill -KILL "$keeper" || true
        wait "$keeper" 2>/dev/null || true
        keeper=""
    fi
    rmdir /sys/fs/cgroup/{,*/}printer-bridge-rehearsal 2>/dev/null || true
    if [ -n "$binfmt" ]; then update-binfmts --disable "$binfmt"; fi
    if [ "$binfmt_is_ours" = yes ]; then umount /proc/sys/fs/binfmt_misc; fi
}

not_there() { ! kill -0 "$1"; }

# ---- The units under a systemd that has booted
can_systemd() { needs debootstrap systemd-nspawn nsenter python3; }

rehearse_systemd() {
    local tree=$trees/bookworm first settings
    local folders=(DATA_DIR=/var/lib/printer-bridge/data IMAGES_DIR=/var/lib/printer-bridge/images)
    step "a Debian that boots"
    make_debian "$tree" bookworm "systemd,systemd-sysv,$PYTHON_PACKAGES"
    make_ready "$tree"
    # It shares this machine's network, where 8000 may be taken.
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    settings="SIMULATE=1\nPORT=$port\n"
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setsid systemd-nspawn --quiet -D "$tree" --register=no --keep-unit --boot \
        --link-journal=no --resolv-conf=off </dev/null >"$work/console" 2>&1 &
    keeper=$!
    wait_until 60 has_booted
    wait_until 60 inside systemctl is-system-running --wait

    step "a first installation asks for settings, and with them the bridge runs"
    inside /clone/infra/raspberry-pi/install.sh bridge
    inside sh -c "printf '$settings' >/etc/printer-bridge/bridge.env; chmod 600 /etc/printer-bridge/bridge.env"
    inside systemctl start printer-bridge
    answers
    first=$(inside readlink /opt/printer-bridge/current)

    step "settings that cannot be used stop it for good"
    inside sh -c "printf '${settings}TIMEZONE=Mars\n' >/etc/printer-bridge/bridge.env"
    inside systemctl restart printer-bridge && return 1
    [ "$(inside systemctl show -p ExecMainStatus --value printer-bridge)" = 2 ]
    inside sh -c "printf '$settings' >/etc/printer-bridge/bridge.env"
    inside systemctl restart printer-bridge

    step "a release that does not run under systemd is taken back"
    sed -i "s/^async def _run(settings/if 'INVOCATION_ID' in os.environ:\n    raise RuntimeError('not under systemd')\n\n\n&/" \
        "$tree/clone/infra/local/__main__.py"
    inside /clone/infra/raspberry-pi/install.sh bridge && return 1
    [ "$(inside readlink /opt/printer-bridge/current)" = "$first" ]
    answers
    git ls-files -z infra | tar -c --null -T - | tar -x -C "$tree/clone"

    step "an upgrade, kill -9, rollback and the doctor"
    inside /clone/infra/raspberry-pi/install.sh bridge
    inside systemctl kill -s KILL printer-bridge
    wait_until 60 inside systemctl is-active --quiet printer-bridge
    answers
    inside /clone/infra/raspberry-pi/install.sh rollback
    [ "$(inside readlink /opt/printer-bridge/current)" = "$first" ]
    answers
    inside /opt/printer-bridge/current/bin/printer-bridge doctor --json --seconds 10 >"$work/doctor"
    grep -q "of the installed service printer-bridge" "$work/doctor"

    step "the second service leaves the first one running"
    inside /clone/infra/raspberry-pi/install.sh collector
    answers

    step "a print, with its film"
    wait_until "$PRINT_SECONDS" inside sh -c 'ls /var/lib/private/printer-bridge/images/*/*/timelapse_*.mp4'

    step "a backup while it runs is restored, as infra/docs/operations.md says" # of a simulation none is kept
    settings="SIMULATE=0\nPORT=$port\nPRINTERS_API_URL=http://127.0.0.1:9/\nWS_URL_TEMPLATE=ws://127.0.0.1:9/{printer_id}\n"
    inside sh -c "printf '$settings' >/etc/printer-bridge/bridge.env"
    inside systemctl restart printer-bridge
    answers
    inside env "${folders[@]}" /opt/printer-bridge/current/bin/printer-bridge backup /root/bridge.tar
    inside env "${folders[@]}" /opt/printer-bridge/current/bin/printer-bridge restore /root/bridge.tar && return 1
    inside systemctl stop printer-bridge
    inside env "${folders[@]}" /opt/printer-bridge/current/bin/printer-bridge restore /root/bridge.tar
    inside chown -R --reference=/var/lib/printer-bridge/ /var/lib/printer-bridge/
    inside systemctl start printer-bridge
    answers

    step "removed, nothing is left"
    inside /clone/infra/raspberry-pi/install.sh uninstall --purge
    inside sh -c '! ls -d /opt/printer-bridge /etc/printer-bridge /var/lib/printer-* /var/lib/private/printer-* \
        /etc/systemd/system/printer-* 2>/dev/null'
}

has_booted() { [ "$(cat "/proc/$(first_process)/comm")" = systemd ]; }

first_process() { pgrep -P "$keeper" | head -n 1; }

inside() {
    nsenter -t "$(first_process)" -m -u -i -p -C -r -w env -i HOME=/root LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PIP_CERT="$TRUST" "$@"
}

answers() {
    wait_until 60 inside python3 -c "import urllib.request as r
assert r.urlopen('http://127.0.0.1:$port/api/', timeout=5).read() == b'OK'"
}

# ---- The image under a Docker engine of its own, which leaves this machine's network and images alone
can_docker() { needs docker dockerd debootstrap unshare nsenter ip iptables python3; }

rehearse_docker() {
    local base clone=$work/clone options=(--init --restart unless-stopped -p 127.0.0.1:8000:8000 -v rehearsal:/data
        --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges:true)
    export DOCKER_HOST=unix://$work/engine.sock
    unset DOCKER_CONTEXT
    # Without what lies beside it here, as settings of yours with a chat in them.
    mkdir "$clone"
    git ls-files -z | tar -c --null -T - | tar -x -C "$clone"

    step "an engine that reaches the network, for building"
    start_engine "" --bridge none --iptables=false --ip6tables=false
    base=$(sed -n 's/^FROM \([^ ]*\)$/\1/p' infra/docker/Dockerfile)
    if ! docker pull --quiet "$base" >/dev/null 2>&1; then
        step "the base image cannot be had: a Debian with its own Python stands in for $base"
        make_base "$base"
    fi
    (cd "$clone" && docker build --network host -f infra/docker/Dockerfile -t printer-bridge .) >"$work/build" 2>&1 ||
        { tail -n 40 "$work/build" >&2; return 1; }
    stop_all

    step "an engine with a network of its own: it runs, is healthy, and its port is reached"
    start_engine --net
    docker run -d --name rehearsal "${options[@]}" printer-bridge >/dev/null
    wait_until 120 health_is healthy rehearsal
    is_published

    step "a print, with its film"
    wait_until "$PRINT_SECONDS" docker exec rehearsal sh -c 'ls /data/images/*/*/timelapse_*.mp4'

    step "a frozen program is started again (three minutes)"
    docker exec rehearsal python -c 'import os, pathlib, signal
for it in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    if it.read_bytes().split(b"\0")[1:2] == [b"/opt/printer-bridge/bin/printer-bridge"]:
        os.kill(int(it.parent.name), signal.SIGSTOP)'
    wait_until 300 restarts_are 1
    wait_until 120 health_is healthy rehearsal

    step "it ends when it is asked to, and another container goes on with its volume"
    docker stop --time 20 rehearsal >/dev/null
    [ "$(docker inspect -f '{{.State.ExitCode}}' rehearsal)" = 0 ]
    docker rm rehearsal >/dev/null
    docker run -d --name rehearsal "${options[@]}" printer-bridge >/dev/null
    wait_until 120 health_is healthy rehearsal
    docker exec rehearsal sh -c 'ls /data/images/*/*/timelapse_*.mp4' >/dev/null
    docker rm -f rehearsal >/dev/null

    step "settings that cannot be used are waited with"
    docker run -d --name rehearsal "${options[@]}" -e TIMEZONE=Mars printer-bridge >/dev/null
    wait_until 60 sh -c "docker logs rehearsal 2>&1 | grep -q 'this container waits'"
    restarts_are 0
    docker rm -f rehearsal >/dev/null

    if ! docker compose version >/dev/null 2>&1; then
        step "compose is not installed: left out"
        return
    fi
    step "compose"
    docker compose -f "$clone/infra/docker/compose.yaml" up --no-build --quiet-pull -d 2>"$work/compose" ||
        { tail -n 20 "$work/compose" >&2; return 1; }
    wait_until 120 health_is healthy "$(docker ps -q)"
    is_published
    docker volume inspect printer-bridge >/dev/null
    docker compose -f "$clone/infra/docker/compose.yaml" down --volumes 2>/dev/null
}

# $1: an option of unshare, or nothing; then options of the engine.
start_engine() {
    local net=$1
    shift
    rm -rf "$work/run" "$work/pid"
    # /run/containerd: otherwise it takes the containerd of this machine, if one runs.
    # shellcheck disable=SC2016 # these are for the inner shell
    setsid unshare --mount --pid --fork --kill-child --mount-proc ${net:+"$net"} sh -c '
        work=$1
        shift
        mkdir -p /run/containerd && mount -t tmpfs none /run/containerd
        ip link set lo up
        dockerd --data-root "$work/engine" --exec-root "$work/run" --pidfile "$work/pid" -H "$DOCKER_HOST" \
            --cgroup-parent printer-bridge-rehearsal "$@" &
        wait' sh "$work" "$@" </dev/null >"$work/engine.log" 2>&1 &
    keeper=$!
    wait_until 60 docker version || { tail -n 20 "$work/engine.log" >&2; return 1; }
}

health_is() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$2")" = "$1" ]; }
restarts_are() { [ "$(docker inspect -f '{{.RestartCount}}' rehearsal)" = "$1" ]; }

is_published() {
    nsenter -t "$(first_process)" -n python3 -c "import urllib.request as r
opener = r.build_opener(r.ProxyHandler({}))
assert opener.open('http://127.0.0.1:8000/api/', timeout=10).read() == b'OK'"
}

# As near to the official image as it can be: a Debian with that version of Python, which is `python` there.
make_base() {
    local tree=$trees/trixie
    make_debian "$tree" trixie "$PYTHON_PACKAGES,python3-pip"
    give_trust "$tree"
    ln -sf python3 "$tree/usr/bin/python"
    rm -f "$tree"/usr/lib/python3*/EXTERNALLY-MANAGED
    tar -C "$tree" --one-file-system -c . | docker import -c 'CMD ["python3"]' - "$1" >/dev/null
}

# ---- Other processors, emulated: no figure of speed or memory counts
can_arm64() { can_processor arm64 aarch64; }
can_arm64-trixie() { can_processor arm64 aarch64; }
can_armhf() { can_processor armhf arm; }
rehearse_arm64() { rehearse_processor arm64 aarch64 bookworm bridge; }
rehearse_arm64-trixie() { rehearse_processor arm64 aarch64 trixie bridge; } # today's Raspberry Pi OS
rehearse_armhf() { rehearse_processor armhf arm bookworm collector; }

can_processor() {
    needs debootstrap unshare || return 1
    is_native "$1" || needs "qemu-$2-static" update-binfmts || return 1
    is_native "$1" || grep -q binfmt_misc /proc/filesystems || { echo "this kernel has no binfmt_misc"; return 1; }
}

is_native() { [ "$(dpkg --print-architecture)" = "$1" ]; }

emulate() {
    if [ -e "/proc/sys/fs/binfmt_misc/qemu-$1" ]; then return; fi
    if [ ! -e /proc/sys/fs/binfmt_misc/register ]; then
        mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc
        binfmt_is_ours=yes
    fi
    if [ ! -e "/proc/sys/fs/binfmt_misc/qemu-$1" ]; then
        binfmt=qemu-$1
        update-binfmts --enable "$binfmt"
    fi
}

# Installs for real, with the trial that comes with it; the bridge then prints, the collector has been started by it.
rehearse_processor() {
    local tree=$trees/$3-$1
    is_native "$1" || emulate "$2"
    step "a Debian $3 for $1"
    make_debian "$tree" "$3" "$PYTHON_PACKAGES" "$1"
    make_ready "$tree"
    step "the installation"
    within "$tree" /clone/infra/raspberry-pi/install.sh "$4"
    if [ "$4" = bridge ]; then
        step "a print, with its film"
        within "$tree" env PRINT_SECONDS="$PRINT_SECONDS" sh -euc "$print"
    fi
}

# shellcheck disable=SC2016 # these are for the inner shell
print='
mkdir /print && cd /print
SIMULATE=1 HOST=127.0.0.1 PORT=0 /opt/printer-bridge/current/bin/printer-bridge >said 2>&1 &
waited=0
until ls images/*/*/timelapse_*.mp4 >/dev/null 2>&1; do
    kill -0 $! && [ "$waited" -lt "$PRINT_SECONDS" ] || { cat said; exit 1; }
    sleep 1
    waited=$((waited + 1))
done
kill $!
wait $!
grep "finished" said
ls -s images/*/*/timelapse_*.mp4'

within() {
    local tree=$1
    shift
    apart --mount-proc="$tree/proc" chroot "$tree" env -i HOME=/root \
        PATH=/usr/sbin:/usr/bin:/sbin:/bin PIP_CERT="$TRUST" "$@"
}

main "$@"
