"""One story for every framework, over every wire format: two tools at once, a stream, a type.

Each framework has its own idea of what OpenAI's answers look like, down to the pieces of streams.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

import ocicat
from ocicat.emulator import Emulator

pytestmark = pytest.mark.anyio

LLAMA, GEMINI = "meta.llama-3.3-70b-instruct", "google.gemini-2.5-flash"
NATIVE = {"transport": "native"}
COHERE = pytest.param("cohere.command-a-03-2025", {}, id="COHERE")
COHERE_V2 = pytest.param("cohere.command-a-reasoning-08-2025", {}, id="COHEREV2")
OTHERS = [
    pytest.param(LLAMA, {}, id="OpenAI"),
    pytest.param(GEMINI, {}, id="OpenAI-Gemini"),
    pytest.param(LLAMA, NATIVE, id="GENERIC"),
    pytest.param(GEMINI, NATIVE, id="GENERIC-Gemini"),
    pytest.param("xai.grok-4.20-multi-agent", {}, id="Responses"),
]
every_way = pytest.mark.parametrize(("model", "connection"), [*OTHERS, COHERE, COHERE_V2])

BOTH = "Use get_weather and get_time for Oslo."


class Report(BaseModel):
    """How it is somewhere."""

    city: str
    celsius: float | None = None
    tags: list[str] = []


def get_weather(city: str, days: int = 1) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def get_time(city: str) -> str:
    """The time in a city."""
    return f"Noon in {city}."


def needs(package: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(
        find_spec(package) is None,
        reason=f"{package} is in the other environment of `make frameworks`",
    )


@pytest.fixture(autouse=True)
def _nothing_is_refused(oci_emulator: Emulator) -> Any:
    yield
    assert [entry.refusal for entry in oci_emulator.ledger if entry.status != 200] == []


def tells_both(text: str | None) -> bool:
    return "Sunny in example." in (text or "") and "Noon in example." in (text or "")


def sync_client(connection: dict[str, Any]) -> httpx.Client:
    return httpx.Client(transport=ocicat.OciTransport(**connection))


def async_client(connection: dict[str, Any]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=ocicat.AsyncOciTransport(**connection))


@needs("langchain")
@every_way
@pytest.mark.parametrize("responses", [False, True])
async def test_langchain(model: str, connection: dict[str, Any], responses: bool) -> None:
    from langchain.agents import create_agent
    from langchain_openai import ChatOpenAI

    chat = ChatOpenAI(
        model=model,
        api_key="unused",
        use_responses_api=responses,
        http_client=sync_client(connection),
        http_async_client=async_client(connection),
    )
    agent = create_agent(chat, tools=[get_weather, get_time], system_prompt="Be brief.")
    told = await agent.ainvoke({"messages": [("user", BOTH)]})
    assert tells_both(told["messages"][-1].text)

    pieces = agent.astream({"messages": [("user", BOTH)]}, stream_mode="messages")
    assert tells_both("".join([piece.text async for piece, _ in pieces if piece.type != "tool"]))

    typed = create_agent(chat, tools=[get_weather], response_format=Report)
    answer = await typed.ainvoke({"messages": [("user", "Make a Report.")]})
    assert isinstance(answer["structured_response"], Report)


@needs("pydantic_ai")
@every_way
@pytest.mark.parametrize("responses", [False, True])
async def test_pydantic_ai(model: str, connection: dict[str, Any], responses: bool) -> None:
    from pydantic_ai import Agent, NativeOutput
    from pydantic_ai.models.openai import OpenAIChatModel, OpenAIResponsesModel
    from pydantic_ai.providers.openai import OpenAIProvider

    kind = OpenAIResponsesModel if responses else OpenAIChatModel
    provider = OpenAIProvider(openai_client=ocicat.AsyncOciOpenAI(**connection))
    chat = kind(model, provider=provider)
    agent = Agent(chat, instructions="Be brief.", tools=[get_weather, get_time])
    told = await agent.run(BOTH)
    assert tells_both(told.output)
    await agent.run("And now?", message_history=told.all_messages())

    async with agent.run_stream(BOTH) as stream:
        assert tells_both("".join([piece async for piece in stream.stream_text(delta=True)]))

    for output in (Report, NativeOutput(Report)):
        typed = Agent(chat, output_type=output)
        assert isinstance((await typed.run("Make a Report.")).output, Report)
        async with typed.run_stream("Make a Report.") as stream:
            assert isinstance([part async for part in stream.stream_output()][-1], Report)


@needs("agents")
@every_way
@pytest.mark.parametrize("responses", [False, True])
async def test_openai_agents(model: str, connection: dict[str, Any], responses: bool) -> None:
    import agents

    agents.set_tracing_disabled(True)
    kind = agents.OpenAIResponsesModel if responses else agents.OpenAIChatCompletionsModel
    chat = kind(model=model, openai_client=ocicat.AsyncOciOpenAI(**connection))
    tools = [agents.function_tool(get_weather), agents.function_tool(get_time)]
    guide = agents.Agent(name="Guide", model=chat, tools=tools, instructions="Be brief.")
    session = agents.SQLiteSession("a conversation")
    assert tells_both((await agents.Runner.run(guide, BOTH, session=session)).final_output)
    assert (await agents.Runner.run(guide, "And now?", session=session)).final_output

    stream = agents.Runner.run_streamed(guide, BOTH)
    async for _ in stream.stream_events():
        pass
    assert tells_both(stream.final_output)

    typed = agents.Agent(name="Reporter", model=chat, output_type=Report)
    assert isinstance((await agents.Runner.run(typed, "Make a Report.")).final_output, Report)


@needs("haystack")
@every_way
async def test_haystack(model: str, connection: dict[str, Any]) -> None:
    from haystack.components.agents import Agent
    from haystack.components.generators.chat import OpenAIChatGenerator
    from haystack.dataclasses import ChatMessage
    from haystack.tools import create_tool_from_function
    from haystack.utils import Secret

    def generator(transport: Any) -> OpenAIChatGenerator:
        return OpenAIChatGenerator(
            model=model,
            api_key=Secret.from_token("unused"),
            http_client_kwargs={"transport": transport},
        )

    question = [ChatMessage.from_user(BOTH)]
    tools = [create_tool_from_function(get_weather), create_tool_from_function(get_time)]
    chat = generator(ocicat.OciTransport(**connection))
    assert tells_both(Agent(chat_generator=chat, tools=tools).run(question)["last_message"].text)

    pieces: list[str] = []
    streaming = Agent(
        chat_generator=chat, tools=tools, streaming_callback=lambda one: pieces.append(one.content)
    )
    assert tells_both(streaming.run(question)["last_message"].text)
    assert tells_both("".join(pieces))

    told = await generator(ocicat.AsyncOciTransport(**connection)).run_async(question)
    assert told["replies"]

    format = {"response_format": Report}
    typed = chat.run([ChatMessage.from_user("Make a Report.")], generation_kwargs=format)
    assert Report.model_validate_json(typed["replies"][0].text)


@needs("llama_index")
@pytest.mark.parametrize(
    ("model", "connection"),
    [
        *OTHERS,
        pytest.param(*COHERE.values, id="COHERE"),
        pytest.param(*COHERE_V2.values, id="COHEREV2"),
    ],
)
async def test_llama_index(model: str, connection: dict[str, Any]) -> None:
    from llama_index.core.agent.workflow import FunctionAgent
    from llama_index.core.prompts import PromptTemplate
    from llama_index.llms.openai_like import OpenAILike

    chat = OpenAILike(
        model=model,
        api_key="unused",
        context_window=100_000,
        is_chat_model=True,
        is_function_calling_model=True,
        http_client=sync_client(connection),
        async_http_client=async_client(connection),
    )
    typed = chat.structured_predict(Report, PromptTemplate("Make a Report."))
    assert isinstance(typed, Report)

    pieces = await chat.astream_complete("What is OCI?")
    assert "What is OCI?" in "".join([piece.delta or "" async for piece in pieces])

    agent = FunctionAgent(tools=[get_weather, get_time], llm=chat, system_prompt="Be brief.")
    assert tells_both(str(await agent.run(BOTH)))


@needs("instructor")
@every_way
@pytest.mark.parametrize("mode", ["TOOLS", "TOOLS_STRICT", "JSON_SCHEMA", "RESPONSES_TOOLS"])
async def test_instructor(model: str, connection: dict[str, Any], mode: str) -> None:
    import instructor

    asked: Any = {
        "model": model,
        "response_model": Report,
        "messages": [{"role": "user", "content": "Make a Report."}],
        "max_retries": 1,
    }
    kind = instructor.Mode[mode]
    client = instructor.from_openai(ocicat.OciOpenAI(**connection), mode=kind)
    assert isinstance(client.create(**asked), Report)
    if mode != "RESPONSES_TOOLS":
        assert list(client.create_partial(**asked))[-1].city == "example"
        assert all(isinstance(each, Report) for each in client.create_iterable(**asked))

    waiting = instructor.from_openai(ocicat.AsyncOciOpenAI(**connection), mode=kind)
    assert isinstance(await waiting.create(**asked), Report)
