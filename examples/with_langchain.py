"""LangChain on OCI: a chat, a stream, a tool-calling agent, structured output and embeddings.

Install:  pip install ocicat httpx langchain langchain-openai
Run:      python examples/with_langchain.py

LangChain's own OpenAI classes are given HTTP clients whose requests ocicat answers, so any model of
OCI will do. Credentials, region and compartment come from ``~/.oci/config`` and the environment, or
are given to the transports as arguments. The model that is named last is used for embeddings.
"""

import httpx
from langchain.agents import create_agent
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

import ocicat

MODEL = "cohere.command-a-03-2025"
EMBEDDINGS = "cohere.embed-v4.0"


class City(BaseModel):
    """A city."""

    name: str
    country: str


@tool
def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def main() -> None:
    clients = {
        "http_client": httpx.Client(transport=ocicat.OciTransport()),
        "http_async_client": httpx.AsyncClient(transport=ocicat.AsyncOciTransport()),
        "api_key": "unused",
    }
    model = ChatOpenAI(model=MODEL, **clients)

    print(model.invoke("What is a compartment?").text)

    for chunk in model.stream("And a tenancy?"):
        print(chunk.text, end="", flush=True)
    print()

    agent = create_agent(model, tools=[get_weather])
    question = "How is the weather in Oslo? Use get_weather."
    answer = agent.invoke({"messages": [{"role": "user", "content": question}]})
    print(answer["messages"][-1].text)

    city = model.with_structured_output(City).invoke("The largest city of Norway?")
    print(f"{city.name} in {city.country}")

    # OpenAI's way of cutting long texts up is switched off: other models have other tokens.
    embeddings = OpenAIEmbeddings(model=EMBEDDINGS, check_embedding_ctx_length=False, **clients)
    print(len(embeddings.embed_documents(["Oslo", "Bergen"])), "vectors")


if __name__ == "__main__":
    main()
