"""Haystack on OCI: a pipeline with a prompt, a tool, a stream, and embeddings.

Install:  pip install ocicat httpx haystack-ai
Run:      python examples/with_haystack.py

Haystack's OpenAI components are given a transport whose requests ocicat answers. Credentials,
region and compartment come from ``~/.oci/config`` and the environment, or are given to the
transport as arguments. For ``run_async`` give the components an ``AsyncOciTransport``.
"""

from typing import Annotated

from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.components.builders import ChatPromptBuilder
from haystack.components.embedders import OpenAITextEmbedder
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.dataclasses import ChatMessage, StreamingChunk
from haystack.tools import tool
from haystack.utils import Secret

import ocicat

MODEL = "meta.llama-3.3-70b-instruct"
EMBEDDINGS = "cohere.embed-v4.0"


@tool
def get_weather(city: Annotated[str, "The name of the city."]) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def show(chunk: StreamingChunk) -> None:
    """Print a piece of a stream."""
    print(chunk.content, end="\n" if chunk.finish_reason else "", flush=True)


def main() -> None:
    connection = {
        "api_key": Secret.from_token("unused"),
        "http_client_kwargs": {"transport": ocicat.OciTransport()},
    }

    pipeline = Pipeline()
    template = [ChatMessage.from_user("What is a {{ thing }}?")]
    pipeline.add_component("prompt", ChatPromptBuilder(template, required_variables="*"))
    pipeline.add_component("model", OpenAIChatGenerator(model=MODEL, **connection))
    pipeline.connect("prompt", "model")
    print(pipeline.run({"thing": "compartment"})["model"]["replies"][0].text)

    teller = OpenAIChatGenerator(model=MODEL, streaming_callback=show, **connection)
    teller.run([ChatMessage.from_user("And a tenancy?")])

    agent = Agent(
        chat_generator=OpenAIChatGenerator(model=MODEL, **connection), tools=[get_weather]
    )
    question = ChatMessage.from_user("How is the weather in Oslo? Use get_weather.")
    print(agent.run([question])["last_message"].text)

    embedder = OpenAITextEmbedder(model=EMBEDDINGS, **connection)
    print(len(embedder.run("Oslo")["embedding"]), "numbers")


if __name__ == "__main__":
    main()
