"""LlamaIndex on OCI: a chat, a stream, a tool, structured output and a small index.

Install:  pip install ocicat httpx llama-index-llms-openai-like llama-index-embeddings-openai
Run:      python examples/with_llama_index.py

LlamaIndex's classes for OpenAI-like services are given HTTP clients whose requests ocicat answers.
Credentials, region and compartment come from ``~/.oci/config`` and the environment, or are given to
the transports as arguments.
"""

import httpx
from llama_index.core import Document, VectorStoreIndex
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai import OpenAIEmbedding
from llama_index.llms.openai_like import OpenAILike
from pydantic import BaseModel

import ocicat

MODEL = "meta.llama-3.3-70b-instruct"
EMBEDDINGS = "cohere.embed-v4.0"


class City(BaseModel):
    """A city."""

    name: str
    country: str


def get_weather(city: str) -> str:
    """The weather in a city."""
    return f"Sunny in {city}."


def main() -> None:
    transport, async_transport = ocicat.OciTransport(), ocicat.AsyncOciTransport()
    llm = OpenAILike(
        model=MODEL,
        api_key="unused",
        context_window=128_000,
        is_chat_model=True,
        is_function_calling_model=True,
        http_client=httpx.Client(transport=transport),
        async_http_client=httpx.AsyncClient(transport=async_transport),
    )

    print(llm.chat([ChatMessage(role="user", content="What is a compartment?")]).message.content)

    for piece in llm.stream_complete("And a tenancy?"):
        print(piece.delta, end="", flush=True)
    print()

    tool = FunctionTool.from_defaults(get_weather)
    print(llm.predict_and_call([tool], "How is the weather in Oslo? Use get_weather."))

    city = llm.as_structured_llm(City).complete("The largest city of Norway?").raw
    print(f"{city.name} in {city.country}")

    embeddings = OpenAIEmbedding(
        model_name=EMBEDDINGS,
        api_key="unused",
        http_client=httpx.Client(transport=transport),
        async_http_client=httpx.AsyncClient(transport=async_transport),
    )
    texts = ["Oslo is the capital of Norway.", "Bergen is known for its rain."]
    index = VectorStoreIndex.from_documents(
        [Document(text=text) for text in texts], embed_model=embeddings
    )
    engine = index.as_query_engine(llm=llm, similarity_top_k=1)
    print(engine.query("Which city is known for its rain?"))


if __name__ == "__main__":
    main()
