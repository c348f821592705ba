#!/usr/bin/env bash
# Rehearses releases with the real thing, as far as it is here: `sudo make rehearse`, or of its parts
#   infra/rehearse.sh systemd docker arm64 armhf
# Each part that cannot run says what is missing and is skipped; exit code 1 when one that ran has failed.
# Nothing stays but what is below REHEARSAL (the trees of Debian, which are used again).
# shellcheck disable=SC2329 # the parts are called by their names
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

REHEARSAL=${REHEARSAL:-/var/tmp/printer-bridge-rehearsal}
SUITE=${SUITE:-bookworm} # trixie is today's Raspberry Pi OS
PACKAGES=systemd,systemd-sysv,python3,python3-venv,ca-certificates
container=""

main() {
    local part why code failed=0
    [ $# -gt 0 ] || set -- systemd docker arm64 armhf
    mkdir -p "$REHEARSAL"
    for part in "$@"; do
        printf '== %s\n' "$part"
        if why=$("can_$part"); then
            set +e # of a subshell in an `if` bash would go on after a failure
            (
                set -e
                trap stop_container EXIT
                "rehearse_$part"
            )
            code=$?
            set -e
            if [ "$code" -eq 0 ]; then printf 'ok: %s\n' "$part"; else printf 'FAILED: %s\n' "$part"; failed=1; fi
        else
            printf 'skipped: %s\n' "$why"
        fi
    done
    exit "$failed"
}

needs() {
    local tool
    [ "$(id -u)" -eq 0 ] || { echo "it needs root"; return 1; }
    for tool in "$@"; do
        command -v "$tool" >/dev/null || { echo "$tool is not installed"; return 1; }
    done
}

# A Debian with the clone in /clone, and what this machine trusts.
make_tree() {
    local tree=$1
    rm -rf "$tree/clone"
    mkdir -p "$tree/clone"
    git ls-files -z | xargs -0 tar -c | tar -x -C "$tree/clone"
    if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
        mkdir -p "$tree/etc/ssl/certs"
        cp /etc/ssl/certs/ca-certificates.crt "$tree/etc/ssl/certs/"
    fi
    cp -L /etc/resolv.conf "$tree/etc/resolv.conf"
}

# ---- The units under a systemd that has booted
can_systemd() { needs debootstrap systemd-nspawn nsenter; }

rehearse_systemd() {
    local tree=$REHEARSAL/$SUITE first
    [ -e "$tree/usr/bin/python3" ] || debootstrap --variant=minbase --include="$PACKAGES" "$SUITE" "$tree" >/dev/null
    rm -rf "$tree/opt/printer-bridge" "$tree/etc/printer-bridge" "$tree"/var/lib/printer-* "$tree"/var/lib/private/printer-*
    rm -f "$tree"/etc/systemd/system/printer-*
    make_tree "$tree"
    SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 setsid systemd-nspawn --quiet -D "$tree" --register=no --keep-unit --boot \
        --link-journal=no --resolv-conf=off </dev/null >"$REHEARSAL/console" 2>&1 &
    container=$!
    echo "$container" >"$REHEARSAL/container"
    wait_until 60 leader
    wait_until 60 inside systemctl is-system-running --wait

    step "a first installation asks for settings, and with them the bridge runs"
    inside /clone/infra/raspberry-pi/install.sh bridge
    inside sh -c 'printf "SIMULATE=1\n" >/etc/printer-bridge/bridge.env; chmod 600 /etc/printer-bridge/bridge.env'
    inside systemctl start printer-bridge
    answers
    first=$(inside readlink /opt/printer-bridge/current)

    step "settings that cannot be used stop it for good"
    inside sh -c 'printf "SIMULATE=1\nTIMEZONE=Mars\n" >/etc/printer-bridge/bridge.env'
    inside systemctl restart printer-bridge && return 1
    [ "$(inside systemctl show -p ExecMainStatus --value printer-bridge)" = 2 ]
    inside sh -c 'printf "SIMULATE=1\n" >/etc/printer-bridge/bridge.env'
    inside systemctl restart printer-bridge

    step "a release that does not run under systemd is taken back"
    sed -i "s/^async def _run(settings/if 'INVOCATION_ID' in os.environ:\n    raise RuntimeError('not under systemd')\n\n\n&/" \
        "$tree/clone/infra/local/__main__.py"
    inside /clone/infra/raspberry-pi/install.sh bridge && return 1
    [ "$(inside readlink /opt/printer-bridge/current)" = "$first" ]
    answers
    git ls-files -z infra | xargs -0 tar -c | tar -x -C "$tree/clone"

    step "an upgrade, kill -9, rollback and the doctor"
    inside /clone/infra/raspberry-pi/install.sh bridge
    inside systemctl kill -s KILL printer-bridge
    wait_until 60 inside systemctl is-active --quiet printer-bridge
    answers
    inside /clone/infra/raspberry-pi/install.sh rollback
    [ "$(inside readlink /opt/printer-bridge/current)" = "$first" ]
    answers
    inside /opt/printer-bridge/current/bin/printer-bridge doctor --json --seconds 10 >"$REHEARSAL/doctor"
    grep -q "of the installed service printer-bridge" "$REHEARSAL/doctor"

    step "the second service leaves the first one running"
    inside /clone/infra/raspberry-pi/install.sh collector
    answers
    inside /clone/infra/raspberry-pi/install.sh uninstall --purge
    stop_container
}

leader() {
    local process
    process=$(pgrep -P "$container" | head -n 1) && [ -n "$process" ] && [ "$(cat "/proc/$process/comm")" = systemd ]
}

inside() {
    local process
    process=$(pgrep -P "$container" | head -n 1)
    nsenter -t "$process" -m -u -i -p -C -r -w env -i HOME=/root LANG=C.UTF-8 \
        PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin PIP_CERT=/etc/ssl/certs/ca-certificates.crt "$@"
}

answers() {
    wait_until 60 inside python3 -c \
        'import urllib.request as r; assert r.urlopen("http://127.0.0.1:8000/api/", timeout=5).read() == b"OK"'
}

stop_container() {
    local process
    if [ -n "$container" ] || [ -e "$REHEARSAL/container" ]; then
        container=${container:-$(cat "$REHEARSAL/container")}
        for process in $(pgrep -P "$container" || true); do kill -KILL "$process" 2>/dev/null || true; done
        kill -KILL "$container" 2>/dev/null || true
        rm -f "$REHEARSAL/container"
        container=""
    fi
}

wait_until() {
    local seconds=$1 end
    shift
    end=$((SECONDS + seconds))
    until "$@" >/dev/null 2>&1; do
        [ "$SECONDS" -lt "$end" ] || { printf 'not within %s s: %s\n' "$seconds" "$*" >&2; return 1; }
        sleep 1
    done
}

step() { printf -- '-- %s\n' "$*"; }

# ---- The image under a Docker engine
can_docker() {
    needs docker || return 1
    docker info >/dev/null 2>&1 || { echo "no Docker engine answers"; return 1; }
}

rehearse_docker() {
    docker build --quiet --network host -f infra/docker/Dockerfile -t rehearsal . >/dev/null
    docker rm -f rehearsal >/dev/null 2>&1 || true
    step "it runs, and is healthy"
    docker run -d --name rehearsal --init --restart unless-stopped -e SIMULATE=1 rehearsal >/dev/null
    wait_until 120 sh -c "[ \"\$(docker inspect -f '{{.State.Health.Status}}' rehearsal)\" = healthy ]"
    step "a frozen program is started again (three minutes)"
    docker exec rehearsal python -c 'import os, pathlib, signal
for it in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
    if it.read_bytes().split(b"\0")[1:2] == [b"/opt/printer-bridge/bin/printer-bridge"]:
        os.kill(int(it.parent.name), signal.SIGSTOP)'
    wait_until 300 sh -c "[ \"\$(docker inspect -f '{{.RestartCount}}' rehearsal)\" = 1 ]"
    wait_until 120 sh -c "[ \"\$(docker inspect -f '{{.State.Health.Status}}' rehearsal)\" = healthy ]"
    docker rm -f rehearsal >/dev/null
    step "settings that cannot be used are waited with"
    docker run -d --name rehearsal --init --restart unless-stopped -e TIMEZONE=Mars rehearsal >/dev/null
    wait_until 60 sh -c "docker logs rehearsal 2>&1 | grep -q 'this container waits'"
    [ "$(docker inspect -f '{{.RestartCount}}' rehearsal)" = 0 ]
    docker rm -f rehearsal >/dev/null
    docker rmi rehearsal >/dev/null
}

# ---- Other processors, emulated: no figure of speed or memory counts
can_arm64() { needs mmdebstrap qemu-aarch64-static; }
can_armhf() { needs mmdebstrap qemu-arm-static; }
rehearse_arm64() { rehearse_processor arm64 bridge; }
rehearse_armhf() { rehearse_processor armhf collector; }

# Installs for real, with the trial that comes with it: the bridge prints a simulated print, the collector starts.
rehearse_processor() {
    local tree=$REHEARSAL/$SUITE-$1
    [ -e "$tree/usr/bin/python3" ] || mmdebstrap --variant=minbase --architectures="$1" \
        --include=python3,python3-venv,ca-certificates "$SUITE" "$tree" >/dev/null
    make_tree "$tree"
    chroot "$tree" env -i HOME=/root PATH=/usr/sbin:/usr/bin:/sbin:/bin DESTDIR=/trial \
        PIP_CERT=/etc/ssl/certs/ca-certificates.crt /clone/infra/raspberry-pi/install.sh "$2"
    rm -rf "$tree/trial"
}

main "$@"
