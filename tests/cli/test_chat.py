"""``ocicat chat`` as people and scripts use it: pipes, a real terminal, errors, interruptions."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from ocicat.emulator import Emulator
from support.terminal import Terminal, heed_ctrl_c

OCICAT = [sys.executable, "-m", "ocicat"]


def run(
    *arguments: str, stdin: str | None = None, **variables: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*OCICAT, *arguments],
        input=stdin if stdin is not None else "",
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **variables},
        check=False,
    )


def test_the_built_in_emulator_answers_without_any_account(tmp_path: Path) -> None:
    bare = {name: value for name, value in os.environ.items() if not name.startswith("OCI")}
    done = subprocess.run(
        [*OCICAT, "chat", "--emulator", "What is OCI?"],
        capture_output=True,
        text=True,
        timeout=30,
        env={**bare, "HOME": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        check=True,
    )
    assert '"What is OCI?"' in done.stdout
    [facts] = done.stderr.splitlines()
    for part in (
        "emulator",
        "not OCI",
        "meta.llama",
        "openai transport",
        "http://127.",
        " ms",
        "tokens",
    ):
        assert part in facts


def test_standard_output_holds_the_answer_alone(oci_emulator: Emulator) -> None:
    oci_emulator.when("hi").answer("Grüße ✓")
    done = run("chat", "hi", "--no-stream")
    assert (done.returncode, done.stdout) == (0, "Grüße ✓\n")
    assert "openai transport" in done.stderr
    assert oci_emulator.ledger.last.json.get("stream") is None


def test_the_question_can_be_piped_in(oci_emulator: Emulator) -> None:
    done = run("chat", "--system", "Be brief.", stdin="from a pipe\n")
    assert "from a pipe" in done.stdout
    request: Any = oci_emulator.ledger.last.request
    assert request["messages"][0] == {"role": "system", "content": "Be brief."}


def test_no_question_at_all_is_wrong_usage(oci_emulator: Emulator) -> None:
    done = run("chat")
    assert done.returncode == 2
    assert "no prompt" in done.stderr


def test_json_is_one_object_with_how_the_call_went(oci_emulator: Emulator) -> None:
    done = run("chat", "hi", "--json", "-m", "cohere.command-a-03-2025")
    reply = json.loads(done.stdout)
    assert reply["choices"][0]["message"]["role"] == "assistant"
    assert reply["ocicat"]["transport"] == "native"
    assert reply["opc_request_id"] == oci_emulator.ledger.last.opc_request_id
    assert done.stderr == ""


def test_the_options_reach_the_call(oci_emulator: Emulator) -> None:
    run("chat", "hi", "-m", "xai.grok-4.3", "--transport", "native", "--auth", "api_key")
    assert oci_emulator.ledger.last.path == "/20231130/actions/chat"
    done = run("chat", "hi", "--compartment-id", "ocid1.compartment.oc1..other")
    assert done.returncode == 5
    assert "ocid1.compartment.oc1..other" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "variables", "code", "says"),
    [
        (["chat", "hi", "--profile", "nobody"], {}, 3, "no profile 'nobody'"),
        (["chat", "hi"], {"OCI_CONFIG_FILE": "/nowhere"}, 3, "no OCI config file at /nowhere"),
        (["chat", "hi", "--region", "mars-1"], {"OCICAT_API_BASE": ""}, 6, "host name"),
        (["chat", "hi", "-m", "cohere.embed-v4.0"], {}, 4, "not for chat"),
        (["chat", "hi", "-m", "meta.nonsense"], {}, 5, "opc-request-id"),
        (["chat", "hi"], {"OCICAT_API_BASE": "http://127.0.0.1:1"}, 6, "refuses connections"),
        (["chat", "hi", "--transport", "pigeon"], {}, 2, "pigeon"),
        (["nonsense"], {}, 2, "nonsense"),
    ],
)
def test_an_error_says_what_failed_and_what_to_do_and_has_its_exit_code(
    oci_emulator: Emulator, arguments: list[str], variables: dict[str, str], code: int, says: str
) -> None:
    if "--region" in arguments:  # away from the emulator, to a host that cannot be found
        config = oci_emulator.home.config_file
        lines = config.read_text().splitlines()
        config.write_text("\n".join(line for line in lines if not line.startswith("endpoint")))
    done = run(*arguments, **variables)
    assert done.returncode == code
    assert says in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_debug_shows_where_an_error_comes_from(oci_emulator: Emulator) -> None:
    done = run("chat", "hi", "--debug", "--profile", "nobody")
    assert done.returncode == 1
    assert "Traceback" in done.stderr
    assert "ProfileNotFound" in done.stderr


def test_an_error_after_retries_says_how_often_it_was_tried(oci_emulator: Emulator) -> None:
    oci_emulator.when("hi").fail(503)
    done = run("chat", "hi")
    assert done.returncode == 5
    assert "attempts: 4" in done.stderr
    assert "OCI answered: 503" in done.stderr


def test_a_broken_stream_still_prints_what_arrived(oci_emulator: Emulator) -> None:
    oci_emulator.when("hi").answer("one two three four").cut_after(events=4)
    done = run("chat", "hi")
    assert done.returncode == 6
    assert done.stdout.startswith("one")
    assert "broke" in done.stderr


def test_an_interrupted_script_prints_what_arrived(oci_emulator: Emulator) -> None:
    oci_emulator.when("hi").answer("one two three four").stall(30, after_events=3)
    process = subprocess.Popen(
        [*OCICAT, "chat", "hi"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=heed_ctrl_c,
    )
    deadline = time.monotonic() + 20
    while not len(oci_emulator.ledger) and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert out.startswith("one")
    assert "stopped" in err


# --- at a terminal ------------------------------------------------------------------------------


def terminal(*arguments: str, rows: int = 24, columns: int = 100) -> Terminal:
    return Terminal([*OCICAT, *arguments], dict(os.environ), rows=rows, columns=columns)


def test_the_line_of_facts_is_completed_above_the_answer(oci_emulator: Emulator) -> None:
    oci_emulator.when("hi").answer("雲 word " * 30 + "\n\nThe end.")
    with terminal("chat", "hi", columns=160) as screen:
        lines = screen.wait_for(lambda lines: bool(lines) and "tokens" in lines[0])
        assert screen.process.wait(10) == 0
    assert lines[0].startswith("meta.llama-3.3-70b-instruct · openai transport")
    assert lines[-1] == "The end."
    assert "".join(lines[1:-1]).count("雲") == 30
    assert sum("tokens" in line for line in lines) == 1


def test_facts_that_need_two_rows_are_completed_in_both(oci_emulator: Emulator) -> None:
    oci_emulator.when("hi").answer("The answer.")
    with terminal("chat", "hi", columns=80) as screen:
        lines = screen.wait_for(lambda lines: len(lines) == 3 and "tokens" in lines[0] + lines[1])
        assert screen.process.wait(10) == 0
    assert lines[0].startswith("meta.llama")
    assert lines[2] == "The answer."


def test_an_answer_longer_than_the_screen_has_its_facts_below(oci_emulator: Emulator) -> None:
    oci_emulator.when("hi").answer("\n".join(f"line {n}" for n in range(40)))
    with terminal("chat", "hi", rows=10, columns=160) as screen:
        lines = screen.wait_for(lambda lines: "tokens" in "".join(lines))
        assert screen.process.wait(10) == 0
    assert lines[-2] == "line 39"
    assert "tokens" in lines[-1]


def test_a_conversation_remembers_and_survives_ctrl_c(oci_emulator: Emulator) -> None:
    oci_emulator.when("slow").answer("one two three four").stall(30, after_events=3)
    oci_emulator.when("first").answer("Answer the first.")
    oci_emulator.when("broken").fail(400)
    oci_emulator.when("last").answer("Answer the last.")
    with terminal("chat", "--system", "Be brief.") as screen:
        screen.wait_for(lambda lines: lines[-1:] == [">"])
        screen.type("first\n")
        screen.wait_for(lambda lines: "Answer the first." in lines and lines[-1] == ">")
        screen.type("slow\n")
        screen.wait_for(lambda lines: any(line.startswith("one") for line in lines))
        screen.type("\x03")
        screen.wait_for(lambda lines: any("stopped" in line for line in lines) and lines[-1] == ">")
        screen.type("broken\n")
        screen.wait_for(lambda lines: any("Error:" in line for line in lines) and lines[-1] == ">")
        screen.type("\x03")
        screen.wait_for(lambda lines: "(Ctrl-D ends the conversation)" in lines)
        screen.type("last\n")
        screen.wait_for(lambda lines: "Answer the last." in lines and lines[-1] == ">")
        screen.type("\x04")
        assert screen.process.wait(10) == 0
    request: Any = oci_emulator.ledger.last.request
    assert [turn["role"] for turn in request["messages"]] == [
        "system",
        "user",
        "assistant",
        "user",
        "assistant",
        "user",
    ]
    assert request["messages"][2]["content"] == "Answer the first."
    assert request["messages"][4]["content"].startswith("one")


def test_a_model_cannot_take_over_the_terminal(oci_emulator: Emulator) -> None:
    oci_emulator.when("hi").answer("before \x1b[2J\x1b]0;title\x07 after")
    with terminal("chat", "hi", columns=160) as screen:
        lines = screen.wait_for(lambda lines: bool(lines) and "tokens" in lines[0])
    assert "before" in lines[1]
    assert "after" in lines[1]
