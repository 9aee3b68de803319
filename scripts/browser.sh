#!/bin/sh
# Find a Chromium for the browser tests; install Debian's where apt may be used without asking anyone.
set -eu
for name in chromium chromium-browser google-chrome google-chrome-stable; do
    if command -v "$name" >/dev/null 2>&1; then
        printf 'browser: %s\n' "$(command -v "$name")"
        exit 0
    fi
done
if [ -d '/Applications/Google Chrome.app' ] || [ -d '/Applications/Chromium.app' ]; then
    printf 'browser: found under /Applications\n'
    exit 0
fi
as_root=
[ "$(id -u)" = 0 ] || as_root='sudo -n'
if command -v apt-get >/dev/null 2>&1 && { [ -z "$as_root" ] || sudo -n true 2>/dev/null; }; then
    printf 'browser: installing chromium with apt-get\n'
    $as_root apt-get update -qq && $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null
    command -v chromium
    exit 0
fi
printf 'browser: no Chromium found and none may be installed here; the browser tests will be skipped (in CI that is a failure)\n' >&2
exit 1
