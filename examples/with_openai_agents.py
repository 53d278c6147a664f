"""OpenAI's Agents SDK on OCI: an agent with a tool, a hand-over between agents, and a stream.

Install:  pip install "ocicat[openai]" openai-agents
Run:      python examples/with_openai_agents.py

The SDK is given ocicat's client, and told to speak Chat Completions. Tracing is switched off: it
would send what your agents do to OpenAI. Credentials, region and compartment come from
``~/.oci/config`` and the environment, or are given to the client.
"""

import asyncio

from agents import (
    Agent,
    Runner,
    function_tool,
    set_default_openai_api,
    set_default_openai_client,
    set_tracing_disabled,
)

from ocicat import AsyncOciOpenAI

MODEL = "google.gemini-2.5-flash"


@function_tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


async def main() -> None:
    set_default_openai_client(AsyncOciOpenAI(), use_for_tracing=False)
    set_default_openai_api("chat_completions")
    set_tracing_disabled(True)

    forecaster = Agent(name="Forecaster", model=MODEL, tools=[get_weather])
    answer = await Runner.run(forecaster, "How is the weather in Oslo? Use get_weather.")
    print(answer.final_output)

    desk = Agent(
        name="Desk",
        model=MODEL,
        instructions="Hand questions about the weather over to the forecaster.",
        handoffs=[forecaster],
    )
    answer = await Runner.run(desk, "transfer_to_forecaster, please: is it sunny in Oslo?")
    print(f"{answer.last_agent.name}: {answer.final_output}")

    streamed = Runner.run_streamed(Agent(name="Teller", model=MODEL), "What is a compartment?")
    async for event in streamed.stream_events():
        if event.type == "raw_response_event" and event.data.type == "response.output_text.delta":
            print(event.data.delta, end="", flush=True)
    print()


if __name__ == "__main__":
    asyncio.run(main())
