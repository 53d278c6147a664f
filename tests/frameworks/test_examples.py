"""The examples for frameworks run as they are, against the emulator."""

from __future__ import annotations

import runpy
from importlib.util import find_spec
from pathlib import Path

import pytest

from ocicat.emulator import Emulator

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.py"))
CHAT = "/openai/v1/chat/completions"
NATIVE = "/20231130/actions/chat"
EMBED = "/20231130/actions/embedText"
GOOGLE = "/google/v1beta/models/google.gemini-2.5-flash"

#: For each example: the package that it is about, something of each line that it prints, and where
#: its requests arrive.
EXPECTED: dict[str, tuple[str, list[str], list[str]]] = {
    "with_google_genai": (
        "google",
        ["What is a compartment?", "And a tenancy?", "Sunny in example."],
        [
            f"{GOOGLE}:generateContent",
            f"{GOOGLE}:streamGenerateContent",
            *[f"{GOOGLE}:generateContent"] * 2,
        ],
    ),
    "with_haystack": (
        "haystack",
        ["What is a compartment?", "And a tenancy?", "Sunny in example.", "1536 numbers"],
        [*[CHAT] * 4, EMBED],
    ),
    "with_instructor": (
        "instructor",
        [
            "example in example",
            *["country=None"] * 4,
            *["name='example'"] * 3,
            "example in example",
        ],
        [CHAT] * 3,
    ),
    "with_langchain": (
        "langchain",
        [
            *("What is a compartment?", "And a tenancy?", "Sunny in example."),
            *("example in example", "2 vectors"),
        ],
        [*[NATIVE] * 5, EMBED],
    ),
    "with_llama_index": (
        "llama_index",
        [
            *("What is a compartment?", "And a tenancy?", "Sunny in example."),
            *("example in example", "Bergen is known for its rain."),
        ],
        [*[CHAT] * 4, *[EMBED] * 2, CHAT],
    ),
    "with_openai_agents": (
        "agents",
        ["Sunny in example.", "Forecaster:", "What is a compartment?"],
        [CHAT] * 5,
    ),
    "with_pydantic_ai": (
        "pydantic_ai",
        ["Sunny in example.", "What is a compartment?", "example: example"],
        [CHAT] * 4,
    ),
}


def test_every_example_is_expected() -> None:
    assert [example.stem for example in EXAMPLES] == list(EXPECTED)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.stem)
def test_an_example_runs(
    oci_emulator: Emulator,
    example: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    package, printed, paths = EXPECTED[example.stem]
    if find_spec(package) is None:
        pytest.skip(f"{package} is in the other environment of `make frameworks`")
    # What leads OpenAI's own clients elsewhere must lead nobody astray here.
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-openai")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")

    runpy.run_path(str(example), run_name="__main__")

    lines = _joined(capsys.readouterr().out.splitlines(), printed)
    assert len(lines) == len(printed), lines
    for line, expected in zip(lines, printed, strict=True):
        assert expected in line
    assert [entry.path for entry in oci_emulator.ledger] == paths
    assert all(entry.status == 200 and entry.verified for entry in oci_emulator.ledger)
    assert not any("sk-of-openai" in str(entry.headers) for entry in oci_emulator.ledger)


def _joined(lines: list[str], printed: list[str]) -> list[str]:
    """The lines, where the last answer may be several."""
    return [*lines[: len(printed) - 1], "\n".join(lines[len(printed) - 1 :])]
