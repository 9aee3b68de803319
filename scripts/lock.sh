#!/bin/sh
# Resolve pyproject.toml into the lock files (run, test, benchmark): exact versions with hashes, no index host, Linux and Apple-silicon macOS, Python >= 3.11.
# The test lock is bound to the run lock, so that what is tested is what runs. UPGRADE=1 takes newer releases within the bounds.
set -eu
cd "$(dirname "$0")/.."
uv=${UV:-uv}
command -v "$uv" >/dev/null 2>&1 || {
    printf 'lock: uv is needed to resolve the lock files (pipx install uv), or name it: make lock UV=/path/to/uv\n' >&2
    exit 1
}
upgrade=
[ -z "${UPGRADE:-}" ] || upgrade=--upgrade
compile() {
    # Folders of wheels known to one machine only must not leak into the hashes.
    env -u PIP_FIND_LINKS -u UV_FIND_LINKS "$uv" pip compile pyproject.toml --quiet --universal --generate-hashes --python-version 3.11 \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate $upgrade "$@"
}
compile --group build --output-file requirements/run.txt
compile --group build --group test --extra pdf --constraint requirements/run.txt --output-file requirements/test.txt
compile --group build --group benchmark --constraint requirements/run.txt --output-file requirements/benchmark.txt
printf 'lock: %s packages to run, %s to test\n' "$(grep -c '==' requirements/run.txt)" "$(grep -c '==' requirements/test.txt)"
