"""What editors and type checkers know of the OpenAI SDK's faces. Checked, never run."""

from typing import assert_type

import openai
from openai.types.chat import ChatCompletion

from ocicat import AsyncOciOpenAI, OciOpenAI


def whole() -> None:
    client = OciOpenAI(region="us-chicago-1", compartment_id="ocid1.compartment.oc1..x")
    reply = client.chat.completions.create(
        model="cohere.command-a-03-2025", messages=[{"role": "user", "content": "hi"}]
    )
    assert_type(reply, ChatCompletion)
    accepts(client)


def accepts(client: openai.OpenAI) -> None:
    """Whatever takes the SDK's client takes ours."""


async def asynchronous() -> None:
    async with AsyncOciOpenAI() as client:
        reply = await client.chat.completions.create(
            model="xai.grok-4.3", messages=[{"role": "user", "content": "hi"}]
        )
        assert_type(reply, ChatCompletion)
