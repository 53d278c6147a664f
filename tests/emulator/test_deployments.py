"""Model deployments of OCI Data Science."""

from __future__ import annotations

import pytest

from ocicat.emulator import Emulator
from support.emulator_client import ask, event_payloads, openai_body

BODY = openai_body(model="odsc-llm")
STREAM = openai_body(model="odsc-llm", stream=True)
VERBS = ["predict", "predictWithResponseStream"]


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("end", ["", "/v1/chat/completions"])
def test_a_deployment_answers_without_a_compartment(
    emulator: Emulator, verb: str, end: str
) -> None:
    answer = ask(emulator, "POST", f"/{emulator.deployments[0]}/{verb}{end}", BODY)

    assert answer.status == 200
    assert answer.json["object"] == "chat.completion"
    assert answer.json["model"] == "odsc-llm"
    assert len(emulator.ledger.chats) == 1


@pytest.mark.parametrize(
    "end",
    [
        "predictWithResponseStream",
        "predict/v1/chat/completions",
        "predictWithResponseStream/v1/chat/completions",
    ],
)
def test_these_paths_stream(emulator: Emulator, end: str) -> None:
    answer = ask(emulator, "POST", f"/{emulator.deployments[0]}/{end}", STREAM)
    events = event_payloads(answer.body)

    assert events[-1] == "[DONE]"
    assert events[0]["object"] == "chat.completion.chunk"


def test_plain_predict_does_not_stream(emulator: Emulator) -> None:
    answer = ask(emulator, "POST", f"/{emulator.deployments[0]}/predict", STREAM)

    assert answer.status == 400
    assert answer.json["error"]["param"] == "stream"
    assert "/predictWithResponseStream" in answer.reason


def test_an_unknown_deployment_is_not_found_until_it_is_added(emulator: Emulator) -> None:
    path = "/ocid1.datasciencemodeldeployment.oc1.iad.mine/predict"
    refused = ask(emulator, "POST", path, BODY)
    emulator.add_deployment("ocid1.datasciencemodeldeployment.oc1.iad.mine")

    assert (refused.status, refused.json["code"]) == (404, "NotAuthorizedOrNotFound")
    assert ask(emulator, "POST", path, BODY).status == 200


def test_a_deployment_must_be_signed_for(emulator: Emulator) -> None:
    path = f"/{emulator.deployments[0]}/predict"
    assert ask(emulator, "POST", path, BODY, sign=False).status == 401


def test_what_breaks_openais_schema_is_refused(emulator: Emulator) -> None:
    body = openai_body(model="odsc-llm", temperature=3)
    answer = ask(emulator, "POST", f"/{emulator.deployments[0]}/predict", body)
    assert (answer.status, answer.json["error"]["param"]) == (400, "temperature")
