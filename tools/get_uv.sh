#!/bin/sh
# get_uv.sh PYTHON DIR: put the pinned uv into DIR/uv, by whatever way this machine has.
set -eu
python=$1
dir=$2
here=$(CDPATH= cd -- "$(dirname -- "$0")/.." && pwd)
pins=$here/requirements/uv.txt

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "ocicat needs Python 3.11 or later; '$python' is not. Try: make PYTHON=python3.12 …" >&2
    exit 1
fi

install_with_venv() {
    rm -rf "$dir/env"
    "$python" -m venv "$dir/env" >/dev/null 2>&1 || return 1
    "$dir/env/bin/python" -m pip install --quiet --disable-pip-version-check \
        --require-hashes -r "$pins" || return 1
    cp "$dir/env/bin/uv" "$dir/uv.new"
}

install_with_pip() {
    rm -rf "$dir/target"
    "$python" -m pip --version >/dev/null 2>&1 || return 1
    "$python" -m pip install --quiet --disable-pip-version-check --target "$dir/target" \
        --require-hashes -r "$pins" || return 1
    cp "$dir/target/bin/uv" "$dir/uv.new"
}

mkdir -p "$dir"
if ! install_with_venv && ! install_with_pip; then
    # Debian leaves pip and venv out of its Python.
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv >/dev/null
        install_with_venv
    else
        echo "This Python has neither venv nor pip: install Debian's python3-venv," >&2
        echo "or put uv on this machine and link it to $dir/uv." >&2
        exit 1
    fi
fi
rm -rf "$dir/env" "$dir/target"
mv "$dir/uv.new" "$dir/uv"
