#!/bin/sh
# get_chromium.sh: the browser in which a test logs in, where there is none and root may install it.
set -u
have_chromium() {
    command -v chromedriver >/dev/null &&
        { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null
}

if ! have_chromium && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing Debian's chromium …"
    apt-get update -qq &&
        DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends \
            chromium chromium-driver >/dev/null
fi
have_chromium || echo "Without chromium and chromium-driver, the test of the browser's log-in is skipped."
