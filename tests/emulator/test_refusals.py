"""Reasons as headers."""

from __future__ import annotations

from ocicat.emulator.refusals import header_text


def test_a_reason_is_one_line_of_printable_ascii() -> None:
    assert header_text("two\r\nlines,\ta tab") == "two lines, a tab"
    assert header_text("Grüße ✓") == r"Gr\xfc\xdfe \u2713"
    assert header_text("bell\x07") == "bell?"


def test_a_long_reason_is_shortened() -> None:
    assert len(header_text("x" * 5000)) == 1000
    assert header_text("x" * 5000).endswith("...")
