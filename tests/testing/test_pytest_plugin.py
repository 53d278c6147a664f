"""The pytest fixture."""

from __future__ import annotations

import os

import pytest

from ocicat.emulator import Emulator
from support.emulator_client import LLAMA, ask, chat_body

pytest_plugins = ["pytester"]


def test_the_fixture_is_a_running_emulator(oci_emulator: Emulator) -> None:
    oci_emulator.when("weather").answer("Sunny.")
    body = chat_body(oci_emulator, text="the weather?")
    answer = ask(oci_emulator, "POST", "/20231130/actions/chat", body)

    assert answer.json["chatResponse"]["choices"][0]["message"]["content"][0]["text"] == "Sunny."
    assert os.environ["OCI_CONFIG_FILE"] == str(oci_emulator.home.config_file)


@pytest.mark.parametrize("turn", [1, 2])
def test_each_test_gets_a_fresh_one(oci_emulator: Emulator, turn: int) -> None:
    assert not oci_emulator.ledger
    body = chat_body(oci_emulator, text="the weather?")
    answer = ask(oci_emulator, "POST", "/20231130/actions/chat", body)

    assert LLAMA in answer.body.decode()


def test_projects_need_no_setup_to_use_it(pytester: pytest.Pytester) -> None:
    """The plugin is registered by the installed package."""
    pytester.makepyfile(
        """
        import os

        def test_it(oci_emulator):
            assert os.environ["OCI_COMPARTMENT_ID"] == oci_emulator.compartment_id
        """
    )
    pytester.runpytest_subprocess("-q", "-p", "no:cacheprovider").assert_outcomes(passed=1)
