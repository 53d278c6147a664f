"""``ocicat models`` and the command's own face."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from ocicat.cli import ocicat
from ocicat.dialects import support
from ocicat.emulator import Emulator
from ocicat.errors import InvalidParameter
from ocicat.routing.catalog import facts
from ocicat.vocabulary.chat import ChatParameters
from support.management import items, management


def run(*arguments: str) -> Result:
    return CliRunner().invoke(ocicat, list(arguments), catch_exceptions=False)


def listed(*arguments: str) -> list[str]:
    return [model["id"] for model in json.loads(run("models", "--json", *arguments).output)]


# --- the list -----------------------------------------------------------------------------------


def test_the_table_has_a_row_for_each_model() -> None:
    output = run("models").output
    lines = output.splitlines()
    for column in ("model", "context", "in → out", "on demand"):
        assert column in lines[0]
    [grok] = [line for line in lines if line.startswith("xai.grok-4.3 ")]
    for part in ("1M", "text, image → text", "IAD, ORD, PHX"):
        assert part in grok


@pytest.mark.parametrize(
    ("model", "served"),
    [
        ("cohere.command-a-reasoning-08-2025", "dedicated only"),
        ("cohere.rerank-v4.0-pro", "not documented"),
        ("cohere.embed-english-v3.0", "until 2026-09-30"),
        ("cohere.command-r-08-2024", "deprecated"),
        ("xai.grok-3", "IAD, ORD, PHX (deprecated)"),
    ],
)
def test_the_table_says_where_and_how_long_a_model_is_served(model: str, served: str) -> None:
    [row] = [line for line in run("models", "--all").output.splitlines() if f"{model} " in line]
    assert row.rstrip().endswith(f" {served}")


def test_the_table_loses_nothing_in_a_terminal_of_80_columns(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def words() -> list[str]:
        return sorted(run("models", "--all").output.split())

    wide = words()
    for name, value in {"FORCE_COLOR": "1", "NO_COLOR": "1", "COLUMNS": "80"}.items():
        monkeypatch.setenv(name, value)
    lines = re.sub(r"\x1b\[[0-9;]*m", "", run("models", "--all").output).splitlines()
    assert {len(line) for line in lines} == {80}
    assert sorted(" ".join(lines).split()) == wide


@pytest.mark.parametrize(
    ("arguments", "inside", "outside"),
    [
        (["grok"], "xai.grok-4.3", "meta.llama-3.3-70b-instruct"),
        (["GROK"], "xai.grok-4.3", "meta.llama-3.3-70b-instruct"),
        (["oci/xai.grok-4."], "xai.grok-4.3", "meta.llama-3.3-70b-instruct"),
        (["0309"], "xai.grok-4.20-reasoning", "xai.grok-4.3"),
        (["--vendor", "META"], "meta.llama-3.3-70b-instruct", "xai.grok-4.3"),
        (["--region", "KIX"], "meta.llama-3.3-70b-instruct", "xai.grok-4.3"),
        (["--input", "image"], "xai.grok-4.3", "meta.llama-3.3-70b-instruct"),
        (["--capability", "rerank"], "cohere.rerank-v4.0-fast", "xai.grok-4.3"),
        (["--tools"], "xai.grok-4.3", "cohere.command-a-translate-08-2025"),
        (["--tools"], "meta.llama-3.3-70b-instruct", "cohere.embed-v4.0"),
        (["--reasoning"], "openai.gpt-oss-120b", "meta.llama-3.3-70b-instruct"),
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


def test_a_typo_is_answered_with_what_was_meant() -> None:
    assert "Did you mean xai.grok-4.3" in run("models", "grok-4.33").output


def test_a_filter_that_leaves_nothing_shows_no_card() -> None:
    assert "No model" in run("models", "xai.grok", "--vendor", "meta").output


# --- the card -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "model",
    ["xai.grok-4.20-reasoning", "xai.grok-4.20-0309-reasoning", "oci/xai.grok-4.20-reasoning"],
)
def test_a_whole_id_or_alias_shows_the_models_card(model: str) -> None:
    lines = run("models", model).output.splitlines()
    assert lines[0] == "xai.grok-4.20-reasoning · xAI Grok 4.20 Reasoning"
    told = dict(line.rstrip().split("  ", 1) for line in lines[1:10])
    told = {name: value.strip() for name, value in told.items()}
    assert told["aliases"] == "xai.grok-4.20-0309-reasoning"
    assert told["context"] == "2,000,000 tokens"
    assert told["in → out"] == "text, image → text"
    assert told["traits"] == "tools, reasoning, full JSON Schemas"
    assert told["transports"] == "openai, native (GENERIC), responses"


def test_the_card_has_what_becomes_of_each_parameter_over_each_transport() -> None:
    output = run("models", "cohere.command-a-03-2025").output
    rows = {line.split()[0]: line.split()[1:] for line in output.splitlines() if "  " in line}
    assert set(ChatParameters.__annotations__) <= set(rows)
    for row in support.table("oci_cohere", facts("cohere.command-a-03-2025")):
        if not row.name.startswith("content"):
            assert rows[row.name][0] == row.way
    assert rows["safety_mode"] == ["mapped", "safetyMode"]
    assert "content: image" in output


def test_the_card_tells_transports_apart() -> None:
    report = card("xai.grok-4.3")
    assert list(report["support"]) == ["openai", "native", "responses"]
    lines = run("models", "xai.grok-4.3").output.splitlines()
    [header] = [line for line in lines if line.startswith("parameter")]
    assert header.split()[:4] == ["parameter", "openai", "native", "responses"]
    for name in ("top_p", "n", "logit_bias"):
        [line] = [line for line in lines if line.startswith(f"{name} ")]
        ways = [
            next(row["way"] for row in rows if row["name"] == name)
            for rows in report["support"].values()
        ]
        assert line.split()[1:4] == ways


def card(model: str) -> dict[str, Any]:
    report: dict[str, Any] = json.loads(run("models", model, "--json").output)
    return report


def test_the_card_as_json_has_the_facts_and_the_rows() -> None:
    report = card("meta.llama-3.3-70b-instruct")
    assert report["context"] == 128_000
    assert report["tools_after_system"] is False
    [row] = [row for row in report["support"]["native"] if row["name"] == "top_p"]
    assert row == {"name": "top_p", "way": "mapped", "wire": "topP", "note": row["note"]}


@pytest.mark.parametrize("model", ["meta.llama-3.3-70b-instruct", "google.gemini-2.5-pro"])
def test_a_card_fits_100_columns(model: str) -> None:
    lines = run("models", model).output.splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 100


def test_a_model_of_embeddings_has_dimensions_and_no_parameters_of_chats() -> None:
    output = run("models", "cohere.embed-v4.0").output
    assert "1536, 256, 512, 1024" in output
    assert "temperature" not in output
    assert card("cohere.embed-v4.0")["support"] == {}


@pytest.mark.parametrize(
    ("model", "lines"),
    [
        (
            "xai.grok-4.3",
            [
                "US dollars for 1,000,000 tokens: 1.25 in, 0.20 cached, 2.50 out",
                "if the prompt has over 200,000 tokens: 2.50 in, 0.40 cached, 5.00 out",
                "on demand, by Oracle's list of 2026 for xAI - Grok 4.3; contracts may differ",
            ],
        ),
        (
            "meta.llama-3.3-70b-instruct",
            [
                "US dollars for 10,000 characters: 0.0018 in, 0.0018 out",
                "on demand, by Oracle's list of 2026-09-14 for Large Meta; contracts may differ",
            ],
        ),
        ("cohere.rerank-v4.0-fast", ["US dollars for 1,000 search units: 2.00"]),
    ],
)
def test_the_card_has_the_price_its_unit_and_its_day(model: str, lines: list[str]) -> None:
    told = [line.removeprefix("price").strip() for line in run("models", model).output.splitlines()]
    start = told.index(lines[0])
    assert told[start : start + len(lines)] == lines
    assert card(model)["product"]["unit"] in lines[0]


@pytest.mark.parametrize("model", ["xai.grok-4.7", "xai.grok-99", "cohere.embed-english-v3.0"])
def test_a_price_that_is_not_public_is_not_told(model: str) -> None:
    assert "US dollars" not in run("models", model).output
    assert card(model)["product"] is None


def test_a_model_that_goes_says_when_and_what_comes_instead() -> None:
    output = run("models", "cohere.embed-english-v3.0").output
    assert "on demand until 2026-09-30" in output
    assert "cohere.embed-v4.0" in output
    assert "deprecated" in run("models", "xai.grok-3").output


def test_an_id_that_is_new_shows_what_is_true_of_its_family() -> None:
    output = run("models", "xai.grok-99").output
    assert output.startswith("xai.grok-99 · xAI Grok\n")
    assert "Not in the catalogue" in output
    assert "16,000 tokens" in output
    assert card("xai.grok-99")["known"] is False


def test_what_is_no_name_is_refused() -> None:
    with pytest.raises(InvalidParameter):
        run("models", "oci/")


# --- what OCI lists -----------------------------------------------------------------------------


@pytest.fixture
def live(oci_emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """An emulator to ask, and nothing kept from before."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "kept"))
    return oci_emulator


def report(*arguments: str) -> dict[str, Any]:
    result = CliRunner().invoke(ocicat, ["models", "--live", "--json", *arguments])
    assert result.exception is None, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_the_live_list_is_ocis_with_the_catalogues_facts(live: Emulator) -> None:
    output = run("models", "--live").output
    assert "us-chicago-1: " in output
    assert "models by OCI's modelDiscovery, asked just now" in output
    [grok] = [line for line in output.splitlines() if line.startswith("xai.grok-4.3 ")]
    for part in ("1M", "text, image → text", "on demand"):
        assert part in grok


def test_the_live_list_tells_what_is_new_what_goes_and_what_is_missing(
    live: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    def place(**times: str) -> list[dict[str, Any]]:
        return [{"region": "us-chicago-1", "servingModes": ["ON_DEMAND", "DEDICATED"], **times}]

    page = items(
        {"modelId": "meta.llama-3.3-70b-instruct", "vendor": "meta", "availability": place()},
        {"modelId": "xai.grok-99", "vendor": "xai", "availability": place()},
        {
            "modelId": "xai.grok-3",
            "vendor": "xai",
            "availability": place(
                timeDeprecated="2026-01-01T00:00:00Z", timeOnDemandRetired="2027-03-04T00:00:00Z"
            ),
        },
        {"modelId": "xai.grok-4", "vendor": "xai", "availability": place(timeDeprecated="2026")},
        {"modelId": "ocid1.generativeaimodel.oc1..ours", "vendor": "cohere"},
    )
    with management(lambda path, query: page) as server:
        monkeypatch.setenv("OCICAT_API_BASE", server.url)
        found = report()
        output = run("models", "--live").output
    assert {model["id"]: model["status"] for model in found["models"]} == {
        "meta.llama-3.3-70b-instruct": "",
        "ocid1.generativeaimodel.oc1..ours": "own",
        "xai.grok-3": "on demand until 2027-03-04",
        "xai.grok-4": "deprecated",
        "xai.grok-99": "new",
    }
    assert "xai.grok-4.3" in found["not_listed"]
    assert "meta.llama-3.3-70b-instruct" not in found["not_listed"]
    assert "cohere.command-r-08-2024" not in found["not_listed"]  # it is old, and elsewhere
    [row] = [line for line in output.splitlines() if line.startswith("xai.grok-99 ")]
    assert "on demand, dedicated" in row
    [row] = [line for line in output.splitlines() if line.startswith("xai.grok-4.3 ")]
    assert row.rstrip().endswith("missing")


def test_an_alias_in_ocis_list_is_not_missing(
    live: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = items({"modelId": "xai.grok-4.20-0309-reasoning", "vendor": "xai"})
    with management(lambda path, query: page) as server:
        monkeypatch.setenv("OCICAT_API_BASE", server.url)
        found = report()
    assert [model["status"] for model in found["models"]] == [""]
    assert "xai.grok-4.20-reasoning" not in found["not_listed"]


def test_filters_work_on_the_live_list_too(live: Emulator) -> None:
    ids = {model["id"] for model in report("--capability", "embeddings")["models"]}
    assert ids == {"cohere.embed-v4.0"}
    ids = {model["id"] for model in report("grok", "--reasoning")["models"]}
    assert "xai.grok-4.3" in ids
    assert "xai.grok-4.20-non-reasoning" not in ids
    assert not any(id.startswith("meta.") for id in ids)


def test_the_live_list_is_that_of_the_region(live: Emulator) -> None:
    found = report("--region", "KIX")
    assert found["region"] == "ap-osaka-1"
    assert "xai.grok-4.3" not in {model["id"] for model in found["models"]}


def test_a_kept_list_is_shown_with_its_age_and_refreshed_when_asked(live: Emulator) -> None:
    report()
    asked = len(live.ledger)
    report()
    assert len(live.ledger) == asked
    assert "asked just now" in run("models", "--live").output
    run("models", "--refresh")
    assert len(live.ledger) == asked + 1


def test_without_a_network_the_kept_list_is_shown_with_its_age(
    live: Emulator, tmp_path: Path
) -> None:
    report()
    [path] = (tmp_path / "kept" / "ocicat").iterdir()
    kept = json.loads(path.read_text())
    kept["asked"] -= 50 * 3600
    path.write_text(json.dumps(kept))
    live.stop()
    output = run("models", "--live").output
    assert "OCI cannot be asked" in output
    assert "asked 2 d ago" in output
    assert "xai.grok-4.3" in output


# --- the command --------------------------------------------------------------------------------


def test_help_lists_the_commands() -> None:
    output = run("--help").output
    for command in ("chat", "emulator", "models"):
        assert command in output


@pytest.mark.parametrize("command", ["chat", "emulator", "models"])
def test_each_command_explains_itself(command: str) -> None:
    assert "Usage: " in run(command, "--help").output
