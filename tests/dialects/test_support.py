"""The support tables: every row has a golden case, and the page says what the tables say."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from ocicat.dialects.support import CONTENT_KINDS, DIALECTS, Row, table
from ocicat.routing.catalog import facts
from ocicat.vocabulary.chat import ChatParameters

ROOT = Path(__file__).parent.parent.parent
ROWS = [
    pytest.param(dialect, row, id=f"{dialect}: {row.name} {row.way}")
    for dialect in DIALECTS
    for row in table(dialect)
]


def cases(dialect: str, kind: str) -> list[Any]:
    read = json.loads((ROOT / f"tests/cases/dialects/{dialect}.json").read_text())
    return [case for case in read if case["kind"] == kind]


def says(case: Any, row: Row) -> bool:
    """Whether the request of a case says what the row speaks of."""
    name, _, kind = row.name.partition(": ")
    if not kind:
        return case["neutral"].get(name) is not None
    return any(
        part["type"] in KINDS[kind]
        for message in case["neutral"]["messages"]
        if isinstance(message.get("content"), list)
        for part in message["content"]
    )


KINDS = {
    "image": ("image_url", "input_image", "image"),
    "document": ("file", "input_file", "document", "document_url"),
    "audio": ("input_audio", "audio_url"),
    "video": ("video_url",),
}


@pytest.mark.parametrize(("dialect", "row"), ROWS)
def test_every_row_has_a_case(dialect: str, row: Row) -> None:
    if row.way == "refused":
        found = [case for case in cases(dialect, "refusal") if says(case, row)]
    else:
        found = [case for case in cases(dialect, "request") if says(case, row)]
        if row.way == "dropped":
            found = [case for case in found if row.name in case.get("notes", [])]
    assert found


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_table_has_all_that_a_chat_can_say_and_nothing_else(dialect: str) -> None:
    names = [row.name for row in table(dialect)]
    assert names == [*ChatParameters.__annotations__, *(f"content: {k}" for k in CONTENT_KINDS)]


def test_a_table_knows_what_a_model_does_not_take() -> None:
    rows = {row.name: row for row in table("oci_generic", facts("meta.llama-3.3-70b-instruct"))}
    assert rows["content: image"].way == "refused"
    assert rows["reasoning_effort"].way == "dropped"
    rows = {row.name: row for row in table("oci_generic", facts("meta.llama-9"))}
    assert rows["content: image"].way == "mapped"


def test_the_page_is_up_to_date() -> None:
    subprocess.run([sys.executable, ROOT / "tools/make_support.py", "--check"], check=True)
