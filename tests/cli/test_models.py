"""``ocicat models`` and the command's own face."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from ocicat.cli import ocicat


def run(*arguments: str) -> Result:
    return CliRunner().invoke(ocicat, list(arguments), catch_exceptions=False)


def listed(*arguments: str) -> list[str]:
    return [model["id"] for model in json.loads(run("models", "--json", *arguments).output)]


def test_the_table_has_a_row_for_each_model() -> None:
    output = run("models").output
    lines = output.splitlines()
    for column in ("model", "vendor", "context", "in → out", "transport", "on demand in"):
        assert column in lines[0]
    [grok] = [line for line in lines if line.startswith("xai.grok-4.3 ")]
    for part in ("xai", "1M", "text+image → text", "openai", "us-chicago-1"):
        assert part in grok


@pytest.mark.parametrize(
    ("arguments", "inside", "outside"),
    [
        (["grok"], "xai.grok-4.3", "meta.llama-3.3-70b-instruct"),
        (["--vendor", "META"], "meta.llama-3.3-70b-instruct", "xai.grok-4.3"),
        (["--region", "KIX"], "meta.llama-3.3-70b-instruct", "xai.grok-4.3"),
        (["--input", "image"], "xai.grok-4.3", "meta.llama-3.3-70b-instruct"),
        (["--capability", "rerank"], "cohere.rerank-v4.0-fast", "xai.grok-4.3"),
        ([], "xai.grok-4.3", "xai.grok-3"),
        (["--all"], "xai.grok-3", "nothing"),
    ],
)
def test_filters_keep_what_they_should(arguments: list[str], inside: str, outside: str) -> None:
    found = listed(*arguments)
    assert inside in found
    assert outside not in found


def test_nothing_found_is_said() -> None:
    result = run("models", "no-such-model")
    assert "No model" in result.output


def test_help_lists_the_commands() -> None:
    output = run("--help").output
    for command in ("chat", "emulator", "models"):
        assert command in output


@pytest.mark.parametrize("command", ["chat", "emulator", "models"])
def test_each_command_explains_itself(command: str) -> None:
    assert "Usage: " in run(command, "--help").output
