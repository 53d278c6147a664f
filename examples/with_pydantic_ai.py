"""Pydantic AI on OCI: an agent with a tool and a typed answer, and a stream.

Install:  pip install "ocicat[openai]" "pydantic-ai-slim[openai]"
Run:      python examples/with_pydantic_ai.py

Pydantic AI's model for OpenAI is given ocicat's client. Credentials, region and compartment come
from ``~/.oci/config`` and the environment, or are given to the client as arguments.
"""

import asyncio

from pydantic import BaseModel
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider

from ocicat import AsyncOciOpenAI

MODEL = "xai.grok-4.3"


class Report(BaseModel):
    """How the weather is."""

    city: str
    summary: str


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


async def main() -> None:
    model = OpenAIChatModel(MODEL, provider=OpenAIProvider(openai_client=AsyncOciOpenAI()))

    plain = Agent(model, instructions="Answer in one sentence.", tools=[get_weather])
    print((await plain.run("How is the weather in Oslo? Use get_weather.")).output)

    async with plain.run_stream("What is a compartment?") as answer:
        async for piece in answer.stream_text(delta=True):
            print(piece, end="", flush=True)
    print()

    typed = Agent(model, output_type=Report)
    report = (await typed.run("Sunny in Oslo. Make a report of that.")).output
    print(f"{report.city}: {report.summary}")


if __name__ == "__main__":
    asyncio.run(main())
