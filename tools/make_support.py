"""Write ``docs/support.md``, the support tables of all dialects, from the tables themselves.

Run it after a change of what a dialect can say::

    python tools/make_support.py            # write
    python tools/make_support.py --check    # exit status 1 if the page is out of date
"""

from __future__ import annotations

import sys
from pathlib import Path

from ocicat.dialects.support import DIALECTS, Row, table
from table_module import write_or_check

__all__ = ["PAGE", "main", "source"]

PAGE = Path(__file__).resolve().parents[1] / "docs" / "support.md"

TITLES = {
    "openai_chat": "OpenAI-compatible",
    "openai_responses": "Responses",
    "oci_generic": "GENERIC",
    "oci_cohere": "COHERE",
    "oci_cohere_v2": "COHEREV2",
}
SIGNS = {"mapped": "✓", "emulated": "emulated", "dropped": "left out", "refused": "–"}

HEAD = """# What each format can be told

Every parameter of a chat, and what becomes of it on each of OCI's formats. For one model, with what
that model does not take: `ocicat models MODEL`.

| | |
|---|---|
| ✓ | said in the format's own words |
| emulated | done by ocicat where the format has no words; the reply's `oci_notes` say so |
| left out | not sent, as the answer does not depend on it; `oci_notes` say so |
| – | refused with an `UnsupportedFeature`; left out with a note under `drop_params=True` |

Nothing is said of a value that asks only for what happens anyway, such as `logprobs=False` where a
format has no probabilities.

"""


def source() -> str:
    """The page."""
    tables = {dialect: {row.name: row for row in table(dialect)} for dialect in DIALECTS}
    names = list(next(iter(tables.values())))
    lines = [f"| | {' | '.join(TITLES.values())} |", "|---" * (len(TITLES) + 1) + "|"]
    for name in names:
        signs = [SIGNS[tables[dialect][name].way] for dialect in TITLES]
        lines.append(f"| `{name}` | {' | '.join(signs)} |")
    sections = []
    for dialect, title in TITLES.items():
        said = [_line(row) for row in tables[dialect].values() if _says_more(row)]
        sections.append(f"## {title}\n\n" + "\n".join(said) + "\n")
    return HEAD + "\n".join(lines) + "\n\n" + "\n".join(sections)


def _says_more(row: Row) -> bool:
    return bool(row.note) or (row.way == "mapped" and row.wire not in ("", row.name))


def _line(row: Row) -> str:
    wire = f" → `{row.wire}`" if row.wire and row.wire != row.name else ""
    return f"* `{row.name}`{wire}{': ' if row.note else ''}{row.note}"


def main(arguments: list[str]) -> int:
    return write_or_check(PAGE, source(), arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
