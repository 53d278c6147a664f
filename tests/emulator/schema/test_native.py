"""The native schema, compared with the oci SDK's models both ways, and put to the test."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import oci
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import inspect as shapes
from oci.generative_ai_inference import models

from ocicat.emulator.schema import native
from ocicat.emulator.schema.native import ChatDetails, check_chat_details
from ocicat.emulator.schema.reading import SchemaRefused
from support.signing_cases import private_key_pem

# Where we differ from the SDK, and why

#: Structs without an SDK model of their own -> (the SDK's type there, why).
OUR_OWN_STRUCTS = {
    "PredictedText": ("TextContent", "as TextContent, where a prediction allows no other content"),
    "CohereFunctionCallV2": ("object", "the SDK says object; Cohere's API names its two fields"),
}

#: (SDK model, field) -> (our type, why), where the SDK says only ``object`` or a wider type.
NARROWER_TYPES = {
    ("GenericChatRequest", "metadata"): ("map of string", "documented: string values"),
    ("GenericChatRequest", "logitBias"): ("map of number", "documented: tokens to numbers"),
    ("CohereChatRequest", "documents"): ("list of map of string", "documented: string values"),
}

#: (SDK model, field) that we require and the SDK does not mark.
REQUIRED_HERE = {
    ("GenericChatRequest", "messages"): "no model answers a request without messages",
}

#: Discriminator values that have an SDK model, but no constant in its base class.
WITHOUT_CONSTANT = {"ChatContent": {"DOCUMENT", "AUDIO", "VIDEO"}}


# Both sides in one notation


def sdk_models() -> dict[str, type]:
    return {name: cls for name, cls in vars(models).items() if inspect.isclass(cls)}


SDK = sdk_models()


def sdk_subtypes(name: str) -> set[str]:
    base = SDK[name]
    return {other for other, cls in SDK.items() if issubclass(cls, base) and cls is not base}


def sdk_enumeration(cls: type, attribute: str) -> frozenset[str]:
    prefix = attribute.upper() + "_"
    return frozenset(
        value
        for parent in cls.__mro__
        for name, value in vars(parent).items()
        if name.startswith(prefix) and name.isupper() and isinstance(value, str)
    )


def sdk_fields(name: str) -> dict[str, str]:
    """The fields of an SDK model under their wire names, with their types in our notation."""
    cls = SDK[name]
    instance = cls()
    fields = {}
    for attribute, declared in instance.swagger_types.items():
        preset = getattr(instance, attribute)
        values = {preset} if preset is not None else sdk_enumeration(cls, attribute)
        # The constants of toolsChoice begin like those that tools might have.
        values = values if declared == "str" else set()
        kind = f"enum {sorted(values)}" if values else sdk_type(declared)
        fields[instance.attribute_map[attribute]] = kind
    return fields


def sdk_type(declared: str) -> str:
    plain = {
        "str": "string",
        "int": "integer",
        "float": "number",
        "bool": "boolean",
        "object": "map of any",
    }
    if declared in plain:
        return plain[declared]
    if declared.startswith("list["):
        return f"list of {sdk_type(declared[5:-1])}"
    if declared.startswith("dict(str, "):
        return f"map of {sdk_type(declared[10:-1])}"
    return " or ".join(sorted(sdk_subtypes(declared) or {declared}))


def sdk_required(name: str) -> set[str]:
    """The SDK writes what is required into its docstrings only."""
    cls = SDK[name]
    return {
        wire
        for attribute, wire in cls().attribute_map.items()
        if "**[Required]**" in (inspect.getdoc(getattr(cls, attribute)) or "")
    }


def our_structs() -> dict[str, type[msgspec.Struct]]:
    """Every struct that can occur in a chat request."""
    found: dict[str, type[msgspec.Struct]] = {}

    def walk(kind: Any) -> None:
        if isinstance(kind, shapes.StructType) and kind.cls.__name__ not in found:
            found[kind.cls.__name__] = kind.cls
            for field in kind.fields:
                walk(field.type)
        for part in ("item_type", "value_type"):
            if hasattr(kind, part):
                walk(getattr(kind, part))
        for member in getattr(kind, "types", ()):
            walk(member)

    walk(shapes.type_info(ChatDetails))
    return found


OURS = our_structs()


def our_fields(name: str) -> dict[str, str]:
    struct = shapes.type_info(OURS[name])
    assert isinstance(struct, shapes.StructType)
    fields = {field.encode_name: our_type(field.type) for field in struct.fields}
    if struct.tag_field:
        fields[struct.tag_field] = f"enum {[struct.tag]}"
    return fields


def our_type(kind: Any) -> str:
    match kind:
        case shapes.StrType():
            return "string"
        case shapes.IntType():
            return "integer"
        case shapes.FloatType():
            return "number"
        case shapes.BoolType():
            return "boolean"
        case shapes.AnyType():
            return "any"
        case shapes.LiteralType():
            return f"enum {sorted(kind.values)}"
        case shapes.ListType():
            return f"list of {our_type(kind.item_type)}"
        case shapes.DictType():
            return f"map of {our_type(kind.value_type)}"
        case shapes.StructType():
            return kind.cls.__name__
        case shapes.UnionType():
            return " or ".join(
                sorted(our_type(t) for t in kind.types if not isinstance(t, shapes.NoneType))
            )
    raise AssertionError(kind)


def our_required(name: str) -> set[str]:
    struct = shapes.type_info(OURS[name])
    assert isinstance(struct, shapes.StructType)
    required = {field.encode_name for field in struct.fields if field.required}
    return required | ({struct.tag_field} if struct.tag_field else set())


def in_sdk_words(kind: str) -> str:
    for name, (theirs, _) in OUR_OWN_STRUCTS.items():
        kind = kind.replace(name, "map of any" if theirs == "object" else theirs)
    return kind


def is_tag(name: str, field: str) -> bool:
    struct = shapes.type_info(OURS[name])
    return isinstance(struct, shapes.StructType) and struct.tag_field == field


# The comparison


def sdk_models_of_a_chat_request() -> set[str]:
    """Every concrete SDK model that can occur in a chat request."""
    found: set[str] = set()
    waiting = ["ChatDetails"]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for declared in SDK[name]().swagger_types.values():
            inner = declared.removeprefix("list[").removeprefix("dict(str, ").rstrip("])")
            if inner in SDK:
                waiting.extend(sdk_subtypes(inner) or {inner})
    return found


def test_every_sdk_model_has_a_struct_and_every_struct_an_sdk_model() -> None:
    """The assistant's and the user's model are there, and nothing that the SDK has not."""
    theirs = sdk_models_of_a_chat_request()
    assert len(theirs) > 60
    assert theirs - OURS.keys() == set(), "SDK models without a struct"
    assert OURS.keys() - theirs == OUR_OWN_STRUCTS.keys(), "structs without an SDK model"


SHARED = sorted(OURS.keys() & SDK.keys())


@pytest.mark.parametrize("name", SHARED)
def test_a_struct_has_the_fields_of_its_sdk_model(name: str) -> None:
    theirs, ours = sdk_fields(name), our_fields(name)
    assert theirs.keys() - ours.keys() == set(), f"{name} lacks fields that the SDK has"
    assert ours.keys() - theirs.keys() == set(), f"{name} has fields that the SDK has not"


@pytest.mark.parametrize("name", SHARED)
def test_a_struct_has_the_types_and_enumerations_of_its_sdk_model(name: str) -> None:
    theirs, ours = sdk_fields(name), our_fields(name)
    for field in theirs.keys() & ours.keys():
        expected = NARROWER_TYPES.get((name, field), (theirs[field], ""))[0]
        assert in_sdk_words(ours[field]) == expected, f"{name}.{field}"


@pytest.mark.parametrize("name", SHARED)
def test_a_struct_requires_what_its_sdk_model_requires(name: str) -> None:
    """A discriminator is always required; the SDK does not mark those of response formats."""
    discriminators = {
        field for field in ("type", "role", "apiFormat", "servingType") if is_tag(name, field)
    }
    extra = {field for model, field in REQUIRED_HERE if model == name}
    assert our_required(name) == sdk_required(name) | discriminators | extra


def test_predicted_text_is_text_content() -> None:
    assert our_fields("PredictedText") == sdk_fields("TextContent")
    assert our_required("PredictedText") == sdk_required("TextContent")


@pytest.mark.parametrize(
    "base",
    sorted(name for name in SDK if sdk_subtypes(name) and sdk_subtypes(name) <= OURS.keys()),
)
def test_the_constants_of_a_base_model_are_the_tags_of_its_structs(base: str) -> None:
    """A subtype that a later SDK names only by a constant would show here."""
    discriminator = {
        "BaseChatRequest": "api_format",
        "CohereMessage": "role",
        "CohereMessageV2": "role",
        "Message": "role",
        "ServingMode": "serving_type",
    }.get(base, "type")
    wire = SDK[base]().attribute_map[discriminator]
    tags = {our_fields(name)[wire] for name in sdk_subtypes(base)}
    constants = sdk_enumeration(SDK[base], discriminator) | WITHOUT_CONSTANT.get(base, set())
    assert tags == {f"enum {[value]}" for value in constants}


def test_the_documented_differences_still_exist() -> None:
    """An exception that is no longer needed is a lie about the SDK."""
    for name, field in NARROWER_TYPES:
        assert sdk_fields(name)[field] != our_fields(name)[field]
    for name, field in REQUIRED_HERE:
        assert field not in sdk_required(name)
    for name, values in WITHOUT_CONSTANT.items():
        assert not values & sdk_enumeration(SDK[name], "type")


# Requests that the SDK builds are accepted


@pytest.fixture(scope="module")
def serialise() -> Callable[[Any], bytes]:
    """An SDK model as the bytes that the SDK would send."""
    config = {
        "tenancy": "ocid1.tenancy.oc1..aaaaaaaatesttenancy",
        "user": "ocid1.user.oc1..aaaaaaaatestuser",
        "fingerprint": "88:d7:e5:15:de:99:47:eb:43:4f:67:b3:d8:8a:16:43",
        "key_content": private_key_pem().decode(),
        "region": "us-chicago-1",
    }
    client = oci.generative_ai_inference.GenerativeAiInferenceClient(config)

    def to_bytes(model: Any) -> bytes:
        plain = client.base_client.sanitize_for_serialization(model, type(model).__name__)
        return json.dumps(plain).encode()

    return to_bytes


SAMPLES: dict[tuple[str, str], Any] = {
    ("GenericChatRequest", "logit_bias"): {"50256": -100, "1": 0.5},
    ("CohereToolCallV2", "function"): {"name": "f", "arguments": "{}"},
}


def fill(name: str, turn: int) -> Any:
    """An SDK model with every field set; where there is a choice, ``turn`` chooses."""
    subtypes = sorted(sdk_subtypes(name))
    if subtypes:
        name = subtypes[turn % len(subtypes)]
    cls = SDK[name]
    instance = cls()
    for attribute, declared in instance.swagger_types.items():
        if getattr(instance, attribute) is None:
            values = sorted(sdk_enumeration(cls, attribute)) if declared == "str" else []
            value = values[turn % len(values)] if values else sample(declared, turn)
            setattr(instance, attribute, SAMPLES.get((name, attribute), value))
    return instance


def sample(declared: str, turn: int) -> Any:
    plain = {"str": "word", "int": 1, "float": 0.5, "bool": turn % 2 == 0, "object": {"a": "b"}}
    if declared in plain:
        return plain[declared]
    if declared == "list[TextContent]":
        return [models.TextContent(text="word")]
    if declared.startswith("list["):
        inner = declared[5:-1]
        count = len(sdk_subtypes(inner)) if inner in SDK else 1
        return [sample(inner, turn + n) for n in range(count or 1)]
    if declared.startswith("dict(str, "):
        return {"key": sample(declared[10:-1], turn)}
    return fill(declared, turn)


@pytest.mark.parametrize("turn", range(12))
def test_requests_with_every_field_set_are_accepted_as_the_sdk_sends_them(
    turn: int, serialise: Callable[[Any], bytes]
) -> None:
    """The plain values that come back are all that was sent."""
    raw = serialise(fill("ChatDetails", turn))
    assert check_chat_details(raw) == json.loads(raw)


def test_a_small_generic_request_of_the_sdk_is_accepted(
    serialise: Callable[[Any], bytes],
) -> None:
    details = models.ChatDetails(
        compartment_id="ocid1.compartment.oc1..aaaa",
        serving_mode=models.OnDemandServingMode(model_id="meta.llama-3.3-70b-instruct"),
        chat_request=models.GenericChatRequest(
            messages=[models.UserMessage(content=[models.TextContent(text="Grüße ✓")])],
            max_tokens=16,
            temperature=1,
        ),
    )
    body = check_chat_details(serialise(details))
    assert body["servingMode"] == {
        "servingType": "ON_DEMAND",
        "modelId": "meta.llama-3.3-70b-instruct",
    }
    assert body["chatRequest"]["temperature"] == 1


# What is accepted, and what becomes of nulls


def generic(**changes: Any) -> dict[str, Any]:
    return details(
        apiFormat="GENERIC",
        **{"messages": [{"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}], **changes},
    )


def cohere(**changes: Any) -> dict[str, Any]:
    return details(apiFormat="COHERE", **{"message": "Hi", **changes})


def cohere_v2(**changes: Any) -> dict[str, Any]:
    message = {"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}
    return details(apiFormat="COHEREV2", **{"messages": [message], **changes})


def details(**chat_request: Any) -> dict[str, Any]:
    return {
        "compartmentId": "ocid1.compartment.oc1..aaaa",
        "servingMode": {"servingType": "ON_DEMAND", "modelId": "meta.llama-3.3-70b-instruct"},
        "chatRequest": chat_request,
    }


def check(body: Any) -> dict[str, Any]:
    return check_chat_details(json.dumps(body).encode())


def refusal(body: Any) -> SchemaRefused:
    with pytest.raises(SchemaRefused) as caught:
        check(body)
    assert caught.value.status == 400
    assert caught.value.body == {
        "code": "400",
        "message": "Please pass in correct format of request.",
    }
    return caught.value


def test_nulls_of_optional_fields_count_as_absent() -> None:
    nulls = dict.fromkeys(sdk_fields("GenericChatRequest").keys() - {"apiFormat", "messages"})
    assert check(generic(**nulls)) == generic()


def test_nulls_inside_a_json_schema_are_kept() -> None:
    """A tool's schema is the tool's own: ``"default": null`` means something there."""
    schema = {"type": "object", "properties": {"a": {"default": None, "enum": [None, 1.5]}}}
    body = generic(tools=[{"type": "FUNCTION", "name": "f", "parameters": schema}])
    assert check(body) == body


def test_empty_lists_and_texts_are_kept() -> None:
    body = cohere(message="", chatHistory=[], stopSequences=[], preambleOverride="")
    assert check(body) == body


@pytest.mark.parametrize(
    "body",
    [
        generic(temperature=0, topP=0, topK=-1, frequencyPenalty=-2, presencePenalty=2),
        generic(temperature=2, topP=1, topK=0, numGenerations=5, logProbs=0, maxTokens=1),
        generic(seed=-(2**63)),
        generic(seed=2**63 - 1),
        generic(tools=[{"type": "FUNCTION", "name": "f" * 64}] * 128),
        generic(metadata={"k" * 64: "v" * 512}),
        generic(messages=[{"role": "ASSISTANT", "toolCalls": [{"type": "FUNCTION", "id": "1"}]}]),
        cohere(temperature=1, topK=500, topP=1, frequencyPenalty=1, presencePenalty=0),
        cohere_v2(thinking={"type": "ENABLED", "tokenBudget": 1}, priority=-1),
    ],
)
def test_the_ends_of_ranges_are_inside(body: dict[str, Any]) -> None:
    assert check(body) == body


def test_the_discriminator_may_come_last() -> None:
    assert check_chat_details(
        b'{"chatRequest":{"message":"","apiFormat":"COHERE"},"compartmentId":"c",'
        b'"servingMode":{"endpointId":"e","servingType":"DEDICATED"}}'
    )


# What is refused

USER = {"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}
TOOL = {"type": "FUNCTION", "name": "f", "parameters": {}}
COHERE_TOOL = {"name": "f", "description": "d"}


def content(part: Any) -> dict[str, Any]:
    return generic(messages=[{"role": "USER", "content": [part]}])


def content_v2(part: Any) -> dict[str, Any]:
    return cohere_v2(messages=[{"role": "USER", "content": [part]}])


def without(body: dict[str, Any], *path: str) -> dict[str, Any]:
    copy = json.loads(json.dumps(body))
    place = copy
    for step in path[:-1]:
        place = place[step]
    del place[path[-1]]
    return copy


VIOLATIONS: list[tuple[str, Any, str]] = [
    # not an object, or not the right one
    ("array", [], "expected object, got array"),
    ("null", None, "expected object, got null"),
    ("empty", {}, "compartmentId: required field is missing"),
    # unknown fields, on each level
    ("unknown-top", {**generic(), "model": "x"}, "model: unknown field"),
    ("unknown-request", generic(max_tokens=5), "chatRequest.max_tokens: unknown field"),
    ("unknown-grounding", generic(isGrounding=True), "chatRequest.isGrounding: unknown field"),
    ("unknown-v1-in-v2", cohere_v2(preambleOverride=""), "chatRequest.preambleOverride: unknown"),
    ("unknown-choice-v1", cohere(toolChoice={"type": "AUTO"}), "chatRequest.toolChoice: unknown"),
    ("unknown-v2-choice", cohere_v2(toolChoice="NONE"), "chatRequest.toolChoice: unknown field"),
    (
        "unknown-serving",
        {**generic(), "servingMode": {"servingType": "ON_DEMAND", "modelId": "m", "x": 1}},
        "servingMode.x: unknown field",
    ),
    (
        "endpoint-on-demand",
        {**generic(), "servingMode": {"servingType": "ON_DEMAND", "endpointId": "e"}},
        "servingMode.endpointId: unknown field",
    ),
    (
        "unknown-message",
        generic(messages=[{**USER, "toolCallId": "1"}]),
        "chatRequest.messages[0].toolCallId: unknown field",
    ),
    (
        "unknown-content",
        content({"type": "TEXT", "text": "", "imageUrl": None}),
        "chatRequest.messages[0].content[0].imageUrl: unknown field",
    ),
    (
        "unknown-url",
        content({"type": "IMAGE", "imageUrl": {"url": "", "mime": ""}}),
        "content[0].imageUrl.mime: unknown field",
    ),
    (
        "nested-function",
        generic(tools=[{"type": "FUNCTION", "function": {"name": "f"}}]),
        "chatRequest.tools[0].function: unknown field",
    ),
    ("strict", generic(tools=[{**TOOL, "strict": True}]), "chatRequest.tools[0].strict: unknown"),
    (
        "unknown-option",
        generic(streamOptions={"includeUsage": True}),
        "chatRequest.streamOptions.includeUsage: unknown field",
    ),
    (
        "unknown-tool-v1",
        cohere(tools=[{**COHERE_TOOL, "parameters": {}}]),
        "chatRequest.tools[0].parameters: unknown field",
    ),
    (
        "flat-tool-v2",
        cohere_v2(tools=[TOOL]),
        "chatRequest.tools[0].name: unknown field",
    ),
    (
        "unknown-call-v2",
        cohere_v2(
            messages=[
                {"role": "ASSISTANT", "content": [], "toolCalls": [{"function": {"args": "{}"}}]}
            ]
        ),
        "chatRequest.messages[0].toolCalls[0].function.args: unknown field",
    ),
    # required fields missing or null
    ("no-compartment", without(generic(), "compartmentId"), "compartmentId: required"),
    ("null-compartment", {**generic(), "compartmentId": None}, "compartmentId: expected str"),
    ("no-serving", without(generic(), "servingMode"), "servingMode: required field"),
    ("null-serving", {**generic(), "servingMode": None}, "servingMode: expected object"),
    ("no-request", without(generic(), "chatRequest"), "chatRequest: required field"),
    ("no-format", without(generic(), "chatRequest", "apiFormat"), "chatRequest.apiFormat: req"),
    ("no-type", without(generic(), "servingMode", "servingType"), "servingMode.servingType: req"),
    ("no-model", without(generic(), "servingMode", "modelId"), "servingMode.modelId: required"),
    ("no-messages", without(generic(), "chatRequest", "messages"), "messages: required field"),
    ("null-messages", generic(messages=None), "chatRequest.messages: expected array, got null"),
    ("no-role", generic(messages=[{"content": []}]), "chatRequest.messages[0].role: required"),
    ("no-content-type", content({"text": "Hi"}), "content[0].type: required field is missing"),
    ("no-url", content({"type": "IMAGE", "imageUrl": {}}), "imageUrl.url: required field"),
    ("no-tool-type", generic(tools=[{"name": "f"}]), "tools[0].type: required field is missing"),
    (
        "no-call-id",
        generic(messages=[{"role": "ASSISTANT", "toolCalls": [{"type": "FUNCTION"}]}]),
        "chatRequest.messages[0].toolCalls[0].id: required field is missing",
    ),
    (
        "no-schema-name",
        generic(responseFormat={"type": "JSON_SCHEMA", "jsonSchema": {"schema": {}}}),
        "chatRequest.responseFormat.jsonSchema.name: required field is missing",
    ),
    (
        "no-prediction-type",
        generic(prediction={"type": "CONTENT", "content": [{"text": "Hi"}]}),
        "chatRequest.prediction.content[0].type: required field is missing",
    ),
    ("no-message", without(cohere(), "chatRequest", "message"), "chatRequest.message: required"),
    ("null-message", cohere(message=None), "chatRequest.message: expected str, got null"),
    ("no-description", cohere(tools=[{"name": "f"}]), "tools[0].description: required field"),
    (
        "no-outputs",
        cohere(toolResults=[{"call": {"name": "f", "parameters": {}}}]),
        "chatRequest.toolResults[0].outputs: required field is missing",
    ),
    (
        "no-parameter-type",
        cohere(tools=[{**COHERE_TOOL, "parameterDefinitions": {"a": {}}}]),
        "type: required field is missing",
    ),
    (
        "no-tool-call-id-v2",
        cohere_v2(messages=[{"role": "TOOL", "content": []}]),
        "chatRequest.messages[0].toolCallId: required field is missing",
    ),
    ("no-content-v2", cohere_v2(messages=[{"role": "ASSISTANT"}]), "[0].content: required field"),
    (
        "no-parameters-v2",
        cohere_v2(tools=[{"type": "FUNCTION", "function": {"name": "f"}}]),
        "chatRequest.tools[0].function.parameters: required field is missing",
    ),
    ("no-thinking-type", cohere_v2(thinking={"tokenBudget": 5}), "thinking.type: required field"),
    # wrong types
    ("text-content", generic(messages=[{**USER, "content": "Hi"}]), "content: expected array"),
    ("text-content-v2", cohere_v2(messages=[{**USER, "content": "Hi"}]), "content: expected array"),
    ("text-part", generic(messages=[{**USER, "content": ["Hi"]}]), "content[0]: expected object"),
    ("one-message", generic(messages=USER), "chatRequest.messages: expected array, got object"),
    ("bool-for-int", generic(maxTokens=True), "chatRequest.maxTokens: expected int"),
    ("bool-for-float", generic(temperature=True), "chatRequest.temperature: expected float"),
    ("text-for-float", generic(temperature="0.5"), "chatRequest.temperature: expected float"),
    ("text-for-int", generic(maxTokens="5"), "chatRequest.maxTokens: expected int"),
    ("float-for-int", generic(maxTokens=5.0), "chatRequest.maxTokens: expected int"),
    ("int-for-bool", generic(isStream=1), "chatRequest.isStream: expected bool"),
    ("text-for-bool", generic(isStream="true"), "chatRequest.isStream: expected bool"),
    ("int-for-text", {**generic(), "compartmentId": 5}, "compartmentId: expected str, got int"),
    ("stop-as-text", generic(stop="END"), "chatRequest.stop: expected array"),
    ("stop-of-ints", generic(stop=[5]), "chatRequest.stop[0]: expected str, got int"),
    (
        "arguments-as-object",
        generic(
            messages=[
                {
                    "role": "ASSISTANT",
                    "toolCalls": [{"type": "FUNCTION", "id": "1", "name": "f", "arguments": {}}],
                }
            ]
        ),
        "arguments: expected",
    ),
    ("url-as-text", content({"type": "IMAGE", "imageUrl": "data:,"}), "imageUrl: expected object"),
    ("choice-as-text", generic(toolChoice="AUTO"), "chatRequest.toolChoice: expected object"),
    ("bias-of-text", generic(logitBias={"1": "x"}), "chatRequest.logitBias[...]: expected float"),
    ("metadata-of-int", generic(metadata={"a": 1}), "chatRequest.metadata[...]: expected str"),
    ("schema-as-text", generic(tools=[{**TOOL, "parameters": "{}"}]), "parameters: expected obj"),
    ("documents-as-text", cohere(documents=["d"]), "chatRequest.documents[0]: expected object"),
    ("documents-of-int", cohere(documents=[{"a": 1}]), "documents[0][...]: expected str, got int"),
    (
        "outputs-as-text",
        cohere(toolResults=[{"call": {"name": "f", "parameters": {}}, "outputs": ["x"]}]),
        "outputs[0]: expected obj",
    ),
    (
        "parameters-as-text",
        cohere(chatHistory=[{"role": "CHATBOT", "toolCalls": [{"name": "f", "parameters": "{}"}]}]),
        "toolCalls[0].parameters: expected object",
    ),
    # outside an enumeration
    ("format", details(apiFormat="OPENAI", messages=[]), "chatRequest.apiFormat: invalid value"),
    ("serving", {**generic(), "servingMode": {"servingType": "on_demand"}}, "servingType: inval"),
    ("role", generic(messages=[{**USER, "role": "user"}]), "messages[0].role: invalid value"),
    ("chatbot", generic(messages=[{**USER, "role": "CHATBOT"}]), "messages[0].role: invalid"),
    ("part", content({"type": "text", "text": "Hi"}), "content[0].type: invalid value 'text'"),
    ("image-v2", content_v2({"type": "IMAGE"}), "content[0].type: invalid value 'IMAGE'"),
    ("thinking-part", content({"type": "THINKING"}), "content[0].type: invalid value"),
    ("detail", content({"type": "IMAGE", "imageUrl": {"url": "", "detail": "auto"}}), "detail: in"),
    ("effort", generic(reasoningEffort="high"), "chatRequest.reasoningEffort: invalid enum"),
    ("xhigh", generic(reasoningEffort="XHIGH"), "chatRequest.reasoningEffort: invalid enum"),
    ("verbosity", generic(verbosity="MAX"), "chatRequest.verbosity: invalid enum value"),
    ("tier", generic(serviceTier="FLEX"), "chatRequest.serviceTier: invalid enum value"),
    ("choice", generic(toolChoice={"type": "ANY"}), "chatRequest.toolChoice.type: invalid value"),
    ("tool", generic(tools=[{"type": "CUSTOM"}]), "chatRequest.tools[0].type: invalid enum"),
    ("response", generic(responseFormat={"type": "json"}), "responseFormat.type: invalid value"),
    ("schema-v1", cohere(responseFormat={"type": "JSON_SCHEMA"}), "responseFormat.type: invalid"),
    ("search", generic(webSearchOptions={"searchContextSize": "low"}), "searchContextSize: inva"),
    ("role-v1", cohere(chatHistory=[{"role": "ASSISTANT"}]), "chatHistory[0].role: invalid"),
    ("truncation", cohere(promptTruncation="AUTO"), "chatRequest.promptTruncation: invalid"),
    ("citation", cohere(citationQuality="OFF"), "chatRequest.citationQuality: invalid enum"),
    ("safety", cohere_v2(safetyMode="NONE"), "chatRequest.safetyMode: invalid enum value"),
    ("citations-v2", cohere_v2(citationOptions={"mode": "on"}), "citationOptions.mode: invalid"),
    ("tools-choice", cohere_v2(toolsChoice="AUTO"), "chatRequest.toolsChoice: invalid enum"),
    ("thinking", cohere_v2(thinking={"type": "ON"}), "chatRequest.thinking.type: invalid enum"),
    ("developer-v2", cohere_v2(messages=[{**USER, "role": "DEVELOPER"}]), "role: invalid value"),
    # outside a range
    ("temperature", generic(temperature=-0.1), "chatRequest.temperature: expected float >= 0"),
    ("top-p", generic(topP=1.1), "chatRequest.topP: expected float <= 1"),
    ("top-k", generic(topK=-2), "chatRequest.topK: expected int >= -1"),
    ("n-zero", generic(numGenerations=0), "chatRequest.numGenerations: expected int >= 1"),
    ("n-six", generic(numGenerations=6), "chatRequest.numGenerations: expected int <= 5"),
    ("frequency", generic(frequencyPenalty=2.1), "frequencyPenalty: expected float <= 2"),
    ("presence", generic(presencePenalty=-2.1), "presencePenalty: expected float >= -2"),
    ("log-probs", generic(logProbs=-1), "chatRequest.logProbs: expected int >= 0"),
    ("max-tokens", generic(maxTokens=0), "chatRequest.maxTokens: expected int >= 1"),
    ("max-completion", generic(maxCompletionTokens=0), "maxCompletionTokens: expected int >= 1"),
    ("no-messages-in-list", generic(messages=[]), "messages: expected array of length >= 1"),
    ("tools", generic(tools=[TOOL] * 129), "chatRequest.tools: expected array of length <= 128"),
    ("tool-name", generic(tools=[{**TOOL, "name": "a.b"}]), "tools[0].name: expected str match"),
    ("tool-name-long", generic(tools=[{**TOOL, "name": "a" * 65}]), "tools[0].name: expected str"),
    ("tool-name-line", generic(tools=[{**TOOL, "name": "a\n"}]), "tools[0].name: expected str"),
    ("metadata", generic(metadata={str(n): "" for n in range(17)}), "expected object of length"),
    ("metadata-key", generic(metadata={"k" * 65: ""}), "metadata: expected str of length <= 64"),
    ("metadata-value", generic(metadata={"k": "v" * 513}), "expected str of length <= 512"),
    ("big-seed", generic(seed=2**63), "chatRequest.seed: expected int <= 9223372036854775807"),
    ("huge-seed", generic(seed=10**4000), "chatRequest.seed: expected int <="),
    ("cohere-temperature", cohere(temperature=1.1), "chatRequest.temperature: expected float <="),
    ("cohere-top-k", cohere(topK=501), "chatRequest.topK: expected int <= 500"),
    ("cohere-top-k-low", cohere(topK=-1), "chatRequest.topK: expected int >= 0"),
    ("cohere-penalty", cohere(frequencyPenalty=-0.1), "frequencyPenalty: expected float >= 0"),
    ("cohere-tool-name", cohere(tools=[{**COHERE_TOOL, "name": "1f"}]), "tools[0].name: expected"),
    ("cohere-tool-dash", cohere(tools=[{**COHERE_TOOL, "name": "a-b"}]), "tools[0].name: expect"),
    ("v2-top-k", cohere_v2(topK=501), "chatRequest.topK: expected int <= 500"),
    ("v2-budget", cohere_v2(thinking={"type": "ENABLED", "tokenBudget": 0}), "tokenBudget: expec"),
    ("v2-max-tokens", cohere_v2(maxTokens=0), "chatRequest.maxTokens: expected int >= 1"),
]


@pytest.mark.parametrize(
    ("body", "reason"),
    [(body, reason) for _, body, reason in VIOLATIONS],
    ids=[name for name, _, _ in VIOLATIONS],
)
def test_a_violation_is_refused_and_named(body: Any, reason: str) -> None:
    assert reason in refusal(body).reason


def required_nulls() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, make in {"GENERIC": generic, "COHERE": cohere, "COHEREV2": cohere_v2}.items():
        for field in make()["chatRequest"]:
            body = make()
            body["chatRequest"][field] = None
            yield f"{name}-{field}", body


@pytest.mark.parametrize(
    "body", [body for _, body in required_nulls()], ids=[name for name, _ in required_nulls()]
)
def test_null_for_a_required_field_is_refused(body: dict[str, Any]) -> None:
    assert refusal(body).reason.startswith("chatRequest.")


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{",
        b"not json",
        b'{"compartmentId": NaN}',
        b"\xef\xbb\xbf{}",
        b'{"compartmentId":"\xff"}',
        b'{"compartmentId":"\\ud800"}',
        json.dumps(generic()).encode() + b"x",
        json.dumps(generic()).encode("utf-16"),
        json.dumps(generic(tools=[{"type": "FUNCTION", "parameters": {"a": "DEEP"}}]))
        .encode()
        .replace(b'"DEEP"', b"[" * 100_000),
    ],
)
def test_what_is_not_json_is_refused(raw: bytes) -> None:
    with pytest.raises(SchemaRefused) as caught:
        check_chat_details(raw)
    assert caught.value.reason.startswith(("the body is not JSON", "the body is nested too deeply"))


def junk(leaf: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    names = st.sampled_from(sorted({f for name in OURS for f in our_fields(name)})) | st.text()
    return st.recursive(
        leaf, lambda inner: st.lists(inner) | st.dictionaries(names, inner), max_leaves=8
    )


@given(raw=st.binary() | junk(st.none() | st.integers() | st.text()).map(json.dumps))
def test_no_body_makes_it_crash(raw: bytes | str) -> None:
    with pytest.raises(SchemaRefused):
        check_chat_details(raw if isinstance(raw, bytes) else raw.encode())


@given(value=junk(st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers()))
def test_any_value_in_a_chat_request_gets_a_verdict(value: Any) -> None:
    for body in (generic(messages=value), generic(tools=[value]), cohere(chatHistory=value)):
        try:
            accepted = check(body)
        except SchemaRefused:
            continue
        assert accepted["compartmentId"] == body["compartmentId"]


def test_the_schema_does_not_know_the_dialects() -> None:
    """What the client encodes and what the emulator demands must be able to disagree."""
    assert "ocicat.dialects" not in inspect.getsource(native)
