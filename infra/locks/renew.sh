#!/usr/bin/env bash
# Renews the locks: what is installed, to the version and to the hash of each file. `make lock` calls it.
#
#   make lock                   the newest versions that go together
#   make lock LOCK=--keep       only what pyproject.toml and the requirements.txt have newly asked for
#
# dev.txt       the whole, with the tools: `make test`; all others have the versions of it
# run.txt       what is run: `make run`, install.sh, Docker
# collector.txt, collector-32-bit.txt   the collector alone; on a 32-bit ARM machine
# build.txt     what the package itself is built with
# functions/*/requirements.lock, infra/layers/ffmpeg/requirements.lock   for the Python of template.yaml
#
# The first three hold on every Python that pyproject.toml allows and on every processor; a wheel of every
# package is looked for on each (wheels alone are installed).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
locks=infra/locks
uv=${UV:-.venv/bin/uv}
lambda_python=3.13

case "${1:-}" in
    "") upgrade=--upgrade ;;
    --keep) upgrade="" ;;
    *) printf 'renew.sh [--keep]\n' >&2; exit 2 ;;
esac

compile() {
    local output=$1
    shift
    # shellcheck disable=SC2086 # none or one word
    "$uv" pip compile --quiet $upgrade --generate-hashes --no-annotate --no-emit-index-url \
        --no-emit-find-links --custom-compile-command "make lock" --output-file "$output" "$@" >/dev/null
    printf '%s: %s packages\n' "$output" "$(grep -c == "$output")"
}

everywhere=(--universal --python-version 3.11)
compile $locks/dev.txt "${everywhere[@]}" --extra dev pyproject.toml
same=(--constraint "$locks/dev.txt")
compile $locks/run.txt "${everywhere[@]}" "${same[@]}" pyproject.toml
compile $locks/collector.txt "${everywhere[@]}" "${same[@]}" --group collector
compile $locks/collector-32-bit.txt "${everywhere[@]}" "${same[@]}" --group collector-32-bit
compile $locks/build.txt "${everywhere[@]}" "${same[@]}" --group build
for requirements in functions/*/requirements.txt infra/layers/ffmpeg/requirements.txt; do
    compile "${requirements%.txt}.lock" --python-version $lambda_python \
        --python-platform aarch64-manylinux_2_28 "${same[@]}" "$requirements"
done

# Whether there is a wheel of everything, on every Python and processor: nothing is installed by this.
look_for_wheels() {
    local lock=$1 python=$2 platform=$3 target
    target=$(mktemp -d)
    "$uv" pip install --quiet --dry-run --no-deps --require-hashes --only-binary :all: --target "$target" \
        --python-version "$python" --python-platform "$platform" --requirement "$lock"
    rmdir "$target" 2>/dev/null || rm -r "$target"
}
for platform in x86_64-manylinux_2_28 aarch64-manylinux_2_28; do
    for python in 3.11 3.12 3.13 3.14; do
        for lock in run collector build; do look_for_wheels $locks/$lock.txt $python $platform; done
    done
    for python in 3.11 3.13 3.14; do look_for_wheels $locks/dev.txt $python $platform; done
    for lock in functions/*/requirements.lock infra/layers/ffmpeg/requirements.lock; do look_for_wheels "$lock" $lambda_python $platform; done
done
for python in 3.11 3.13; do # uv knows no 32-bit ARM; Raspberry Pi OS of 2023 and of 2025
    "$(dirname "$uv")/python" -m pip install --quiet --disable-pip-version-check --dry-run --ignore-installed --no-deps \
        --require-hashes --only-binary :all: --target "${TMPDIR:-/tmp}" --python-version $python \
        --platform manylinux2014_armv7l --requirement $locks/collector-32-bit.txt
done
printf 'There is a wheel of everything.\n'
