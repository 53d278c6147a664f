"""Every golden case of ``tests/cases/operations``, in every direction that it has.

As for chats (``test_cases.py``): a request is encoded and, unless it is marked one-way, decoded
again to what was meant; a reply the other way round. OCI's half of every case is held against the
emulator's own schema, which shares no code with dialects, and the model classes of the ``oci`` SDK.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec
import pytest

from ocicat.dialects import embeddings, guardrails, rerank
from ocicat.dialects.dialect import Notes
from ocicat.emulator.schema.embeddings import check_embed_text_details
from ocicat.emulator.schema.guardrails import check_apply_guardrails_details
from ocicat.emulator.schema.rerank import check_rerank_text_details
from ocicat.errors import InvalidRequest, OcicatError
from ocicat.routing.resolve import Place, resolve
from ocicat.vocabulary.target import Operation, Target
from support.cases import COMPARTMENT, Cases, copied, origin
from support.sdk_models import check_details, check_result

of_kind = Cases("operations").of_kind


@dataclass(frozen=True)
class Judged:
    """A dialect, and who judges what it says."""

    dialect: Any
    schema: Any
    details: str
    result: str
    operation: Operation = "embeddings"


JUDGED = {
    "embeddings": Judged(
        embeddings, check_embed_text_details, "EmbedTextDetails", "EmbedTextResult"
    ),
    "rerank": Judged(
        rerank, check_rerank_text_details, "RerankTextDetails", "RerankTextResult", "rerank"
    ),
    "guardrails": Judged(
        guardrails,
        check_apply_guardrails_details,
        "ApplyGuardrailsDetails",
        "ApplyGuardrailsResult",
    ),
}
#: Guardrails have no model; any target will do.
NO_MODEL = "cohere.embed-v4.0"


def said(name: str, case: dict[str, Any]) -> dict[str, Any]:
    """The neutral request of a case, which names the model where there is one."""
    named = {} if name == "guardrails" else {"model": case["model"]}
    return {**named, **copied(case["neutral"])}


def target(name: str, case: dict[str, Any]) -> Target:
    place = Place(region="us-chicago-1")
    return resolve(case.get("model", NO_MODEL), place, operation=JUDGED[name].operation)


@of_kind("request")
def test_a_request_is_said_as_in_its_case(name: str, case: dict[str, Any]) -> None:
    judged = JUDGED[name]
    request = said(name, case)
    notes = Notes(drop=case.get("drop", False), learned=case.get("learned"))
    wire = judged.dialect.encode_request(request, target(name, case), COMPARTMENT, notes)
    assert wire == case["wire"]
    assert [note["parameter"] for note in notes.items] == case.get("notes", [])
    assert request == said(name, case), "the caller's request was changed"
    judged.schema(msgspec.json.encode(wire))
    check_details(wire, judged.details)
    if not case.get("one_way"):
        assert judged.dialect.decode_request(copied(wire)) == request


@of_kind("refusal")
def test_a_request_that_cannot_be_said_is_refused_by_name(name: str, case: dict[str, Any]) -> None:
    notes = Notes(drop=case.get("drop", False), learned=case.get("learned"))
    with pytest.raises(InvalidRequest, match=case["words"]) as caught:
        JUDGED[name].dialect.encode_request(
            said(name, case), target(name, case), COMPARTMENT, notes
        )
    assert caught.value.parameter == case["parameter"]
    assert type(caught.value).__name__ == case.get("error", "InvalidParameter")


def decoded(name: str, case: dict[str, Any]) -> Any:
    where = origin(case.get("model", name))
    if name == "guardrails":
        return guardrails.decode_reply(copied(case["wire"]), where)
    return JUDGED[name].dialect.decode_reply(copied(case["wire"]), copied(case["asked"]), where)


@of_kind("reply")
def test_a_reply_is_read_as_in_its_case(name: str, case: dict[str, Any]) -> None:
    judged = JUDGED[name]
    check_result(case["wire"], judged.result)
    reply = decoded(name, case)
    assert reply == case["neutral"]
    if case.get("one_way"):
        return
    if name == "embeddings":
        assert embeddings.encode_reply(reply, case["asked"]) == case["wire"]
    else:
        assert judged.dialect.encode_reply(reply) == case["wire"]


@of_kind("broken")
def test_an_answer_that_is_no_reply_is_an_error(name: str, case: dict[str, Any]) -> None:
    with pytest.raises(OcicatError, match=case["words"]) as caught:
        decoded(name, case)
    assert type(caught.value).__name__ == case.get("error", "MalformedReply")
