#!/bin/sh
# make_venv.sh UV PYTHON DIR REQUIREMENTS: a virtual environment with pinned packages and ocicat.
set -eu
uv=$1
python=$2
dir=$3
requirements=$4
# The interpreter itself, since the command may be a shim that picks another one elsewhere.
python=$("$python" -c 'import sys; print(sys.executable)')
[ -x "$dir/bin/python" ] || "$uv" venv --quiet --python "$python" "$dir"
echo "Installing what $requirements pins into $dir …"
"$uv" pip sync --quiet --python "$dir/bin/python" --require-hashes "$requirements"
"$uv" pip install --quiet --python "$dir/bin/python" --no-deps --no-build-isolation --editable .
touch "$dir/.ready"
