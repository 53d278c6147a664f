#!/bin/sh
# find_python.sh VERSION: print the path of a Python of that version (such as 3.12), if there is one.
for candidate in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python3; do
    # Asking it for its own path also finds out whether it runs: some commands are only shims.
    if "$candidate" -c 'import sys; print(sys.executable)' 2>/dev/null; then
        exit 0
    fi
done
exit 1
