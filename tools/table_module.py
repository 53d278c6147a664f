"""Python source for tables of plain values, laid out as ``ruff format`` would lay it out.

Shared by the tools that generate modules; knows nothing of what the tables mean.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

__all__ = ["literal", "write_or_check"]

LINE_LENGTH = 100


def literal(value: object, *, indent: int = 0, used: int = 0) -> str:
    """``value`` as a Python expression.

    ``indent`` is the depth of the line that it begins on, in spaces; ``used`` counts the columns
    that the line has already spent on other text, a trailing comma included.
    """
    flat = _flat(value)
    if indent + used + len(flat) <= LINE_LENGTH or not isinstance(value, (dict, tuple)):
        return flat
    inner = indent + 4
    pad = " " * inner
    if isinstance(value, dict):
        lines = []
        for key, item in value.items():
            head = f"{_flat(key)}: "
            lines.append(f"{pad}{head}{literal(item, indent=inner, used=len(head) + 1)},")
        return "{\n" + "\n".join(lines) + "\n" + " " * indent + "}"
    lines = [f"{pad}{literal(item, indent=inner, used=1)}," for item in value]
    return "(\n" + "\n".join(lines) + "\n" + " " * indent + ")"


def _flat(value: object) -> str:
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, tuple):
        items = [_flat(item) for item in value]
        return f"({items[0]},)" if len(items) == 1 else f"({', '.join(items)})"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_flat(k)}: {_flat(v)}" for k, v in value.items()) + "}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:_}" if abs(value) >= 10_000 else str(value)
    if value is None or isinstance(value, (bool, float)):
        return repr(value)
    raise TypeError(f"a table holds no {type(value).__name__}: {value!r}")


def write_or_check(path: Path, text: str, arguments: list[str]) -> int:
    """Write ``text`` to ``path``; with ``--check`` only compare. The result is an exit status."""
    if arguments == ["--check"]:
        if path.is_file() and path.read_text(encoding="utf-8") == text:
            return 0
        print(f"{path.name} is not what its tool makes: run the tool again", file=sys.stderr)
        return 1
    if arguments:
        print("usage: [--check]", file=sys.stderr)
        return 2
    path.write_text(text, encoding="utf-8")
    return 0
