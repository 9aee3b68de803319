#!/bin/sh
# Make .venv hold exactly the packages of one lock file, and this package itself. Usage: sh scripts/setup.sh requirements/run.txt
set -eu
cd "$(dirname "$0")/.."
lock=$1
venv=.venv

stop() {
    printf '\nsetup: %s\n' "$1" >&2
    exit 1
}

case "$(uname -s)-$(uname -m)" in
    Linux-*) ;;
    Darwin-arm64) ;;
    Darwin-*) stop "Intel Macs are not supported: numba and llvmlite have no current packages for them. Use Linux or an Apple-silicon Mac." ;;
    *) stop "only Linux and macOS are supported, this is $(uname -s). On Windows use WSL 2 (see ARCHITECTURE.md, Systems)." ;;
esac

usable() {
    "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' >/dev/null 2>&1
}

find_python() {
    for name in ${PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        if usable "$name"; then
            printf '%s\n' "$name"
            return
        fi
    done
}

quiet=--quiet # a list of what is there already helps nobody; the first time it shows that something happens
# A folder that was copied or moved, or whose Python has gone, is made anew.
if ! usable $venv/bin/python || ! $venv/bin/python -m pip --version >/dev/null 2>&1 ||
    [ "$(cat $venv/folder 2>/dev/null)" != "$(pwd)" ]; then
    python=$(find_python)
    [ -n "$python" ] || stop "no Python from 3.11 to 3.14 found (python3 is $(python3 --version 2>&1 || true)).
       Install one (Debian: apt install python3 python3-venv; macOS: brew install python) or name one: make run PYTHON=/path/to/python3.12"
    printf 'setup: %s in %s\n' "$("$python" --version 2>&1)" "$venv"
    "$python" -m venv --clear $venv ||
        stop "$python cannot make a virtual environment. On Debian and Ubuntu: apt install python3-venv"
    pwd >$venv/folder
    [ -n "${CI:-}" ] || quiet=
fi

# Wheels only: no package's own set-up code runs. No bytecode in advance: it takes a minute here, and 18 s when Python
# makes what it needs. One package of the tests is published as source alone; it is built with the locked setuptools.
install() {
    printf 'setup: %s packages of %s (the first time some 300 MB are downloaded)\n' "$(grep -c '==' "$1")" "$1"
    $venv/bin/python -m pip install $quiet --disable-pip-version-check --no-input --require-hashes --only-binary :all: \
        --no-binary autograd-gamma --no-build-isolation --no-compile -r "$1" ||
        stop "the packages could not be installed; what pip said stands above.
       Without a connection, or behind a mirror, set PIP_INDEX_URL (and PIP_CERT) and run make again: it goes on where it stopped.
       A hash that does not match means that what arrived is not what was tested: do not work round it."
}
install requirements/run.txt
[ "$lock" = requirements/run.txt ] || install "$lock"
$venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --no-deps --no-build-isolation --editable . ||
    stop "the package itself could not be installed; what pip said stands above."

if [ "$(uname -s)" = Darwin ]; then
    $venv/bin/python -c 'import xgboost' 2>/dev/null || stop "xgboost does not load; macOS needs OpenMP for it: brew install libomp"
fi
