"""Answers as instances of a class, for every kind of class and over every dialect."""

from __future__ import annotations

import asyncio
import dataclasses
import enum
import json
import pickle
from typing import Any, Literal, TypedDict

import msgspec
import pydantic
import pytest

from ocicat import acompletion, completion, errors
from ocicat.client import structured
from ocicat.emulator import Emulator

ASK = [{"role": "user", "content": "weather?"}]


class Sky(enum.Enum):
    CLEAR = "clear"
    CLOUDY = "cloudy"


class Wind(pydantic.BaseModel):
    speed: float = pydantic.Field(ge=0, le=200, description="in km/h")
    direction: Literal["N", "E", "S", "W"] | None = None


class Weather(pydantic.BaseModel):
    """The weather."""

    city: str
    sky: Sky
    winds: list[Wind]
    title: str = "none"


@dataclasses.dataclass
class Point:
    x: int
    y: int | None
    tags: list[str]


class Person(TypedDict):
    name: str
    age: int


class Box(msgspec.Struct):
    inner: Point
    kind: Literal["a", "b"]


class Branch(pydantic.BaseModel):
    """Contains itself, which Pydantic says by a reference alone."""

    name: str
    branches: list[Branch] = []


MODELS = [
    "xai.grok-4.3",
    "google.gemini-2.5-flash",
    "cohere.command-a-03-2025",
    "cohere.command-a-reasoning-08-2025",
    "xai.grok-4.20-multi-agent",
]
ANSWER = (
    '{"city": "Oslo", "sky": "cloudy", "winds": [{"speed": 3, "direction": "N"}], "title": "t"}'
)


@pytest.mark.parametrize("model", MODELS)
def test_a_pydantic_model_comes_back_as_an_instance(oci_emulator: Emulator, model: str) -> None:
    oci_emulator.when("weather").answer(ANSWER)
    reply = completion(model, ASK, response_format=Weather)
    parsed = reply.choices[0].message.parsed
    assert parsed == Weather.model_validate_json(ANSWER)
    again = asyncio.run(acompletion(model, ASK, response_format=Weather))
    assert again.choices[0].message.parsed == parsed


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_comes_to_an_instance_too(oci_emulator: Emulator, model: str) -> None:
    oci_emulator.when("weather").answer(ANSWER)
    stream = completion(model, ASK, response_format=Weather, stream=True)
    parsed = stream.get_final_completion().choices[0].message.parsed
    assert parsed == Weather.model_validate_json(ANSWER)

    async def read() -> Any:
        stream = await acompletion(model, ASK, response_format=Weather, stream=True, n=2)
        return await stream.get_final_completion()

    assert [choice.message.parsed for choice in asyncio.run(read()).choices] == [parsed, parsed]


@pytest.mark.parametrize("kind", [Weather, Point, Person, Box])
def test_the_emulator_follows_the_schema_of_every_kind_of_class(
    oci_emulator: Emulator, kind: Any
) -> None:
    for model in MODELS:
        reply = completion(model, ASK, response_format=kind)
        parsed = reply.choices[0].message.parsed
        assert isinstance(parsed, dict if kind is Person else kind)


def test_a_schema_is_strict_and_its_meaning_is_kept() -> None:
    asked = structured.response_format(Weather)["json_schema"]
    assert asked["name"] == "Weather"
    assert asked["strict"] is True
    schema = asked["schema"]
    assert schema["required"] == ["city", "sky", "winds", "title"]
    assert schema["additionalProperties"] is False
    assert schema["$defs"]["Wind"]["required"] == ["speed", "direction"]
    assert schema["properties"]["title"]["type"] == "string"
    assert "title" in schema["properties"]


@pytest.mark.parametrize("kind", [int, list, object])
def test_a_class_without_the_schema_of_an_object_is_refused(
    oci_emulator: Emulator, kind: Any
) -> None:
    with pytest.raises(errors.InvalidParameter, match="schema") as caught:
        completion("xai.grok-4.3", ASK, response_format=kind)
    assert caught.value.parameter == "response_format"


def test_an_answer_that_does_not_fit_is_an_error_with_the_reply(oci_emulator: Emulator) -> None:
    oci_emulator.when("weather").answer('{"city": 1}')
    with pytest.raises(errors.UnparsableAnswer, match="not a Weather") as caught:
        completion("xai.grok-4.3", ASK, response_format=Weather)
    reply: Any = caught.value.reply
    assert reply.choices[0].message.content == '{"city": 1}'
    stream = completion("xai.grok-4.3", ASK, response_format=Weather, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == '{"city": 1}'
    with pytest.raises(errors.UnparsableAnswer, match="not a Weather") as caught:
        stream.get_final_completion()
    reply = caught.value.reply
    assert reply.choices[0].message.content == '{"city": 1}'


def test_an_answer_that_was_cut_off_is_not_parsed(oci_emulator: Emulator) -> None:
    oci_emulator.when("weather").answer(ANSWER)
    reply = completion("xai.grok-4.3", ASK, response_format=Weather, max_tokens=3)
    assert reply.choices[0].finish_reason == "length"
    assert reply.choices[0].message.parsed is None
    stream = completion("xai.grok-4.3", ASK, response_format=Weather, max_tokens=3, stream=True)
    assert stream.get_final_completion().choices[0].message.parsed is None


def test_a_parsed_reply_is_still_plain_json_and_goes_into_the_history(
    oci_emulator: Emulator,
) -> None:
    oci_emulator.when("weather").answer(ANSWER)
    reply = completion("xai.grok-4.3", ASK, response_format=Weather)
    assert "parsed" not in json.loads(reply.model_dump_json())["choices"][0]["message"]
    assert pickle.loads(pickle.dumps(reply)) == reply
    history = [*ASK, reply.choices[0].message, {"role": "user", "content": "and tomorrow?"}]
    assert completion("xai.grok-4.3", history).choices[0].message.content


def test_a_field_that_may_be_null_may_be_left_out(oci_emulator: Emulator) -> None:
    oci_emulator.when("weather").answer('{"x": 1, "tags": []}')
    reply = completion("meta.llama-3.3-70b-instruct", ASK, response_format=Point)
    assert reply.choices[0].message.parsed == Point(x=1, y=None, tags=[])
    sent = oci_emulator.ledger.last.json["response_format"]["json_schema"]["schema"]
    assert sent["required"] == ["x", "tags"]
    assert sent["properties"]["y"]["type"] == "integer"


def test_a_class_that_contains_itself_comes_back_too(oci_emulator: Emulator) -> None:
    answer = {"name": "a", "branches": [{"name": "b", "branches": []}]}
    oci_emulator.when("weather?").answer(json.dumps(answer))
    for model in MODELS:
        reply = completion(model, ASK, response_format=Branch)
        assert reply.choices[0].message.parsed == Branch.model_validate(answer)
