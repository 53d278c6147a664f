"""The examples of the README of Oracle's ``oci-openai``, as they are written there.

What is changed is the import, the README's own ``<placeholders>``, and, in the examples in which
``httpx`` itself sends what ocicat only signs, the host: there nothing could lead to the emulator.
"""

from __future__ import annotations

import ast
import asyncio
import inspect
from typing import Any

import pytest

from ocicat.emulator import Emulator

API_KEYS = """
from openai import OpenAI
import os

API_KEY=os.getenv("OPENAI_API_KEY")

print(API_KEY)

client = OpenAI(
    api_key=API_KEY,
    base_url="https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/20231130/actions/v1"
)

# Responses API
response = client.responses.create(
    model="openai.gpt-oss-120b",
    # model="xai.grok-3",
    # meta models are not supported with the Responses API
    input="Write a one-sentence bedtime story about a unicorn."
)
print(response)

# Completion API
response = client.chat.completions.create(
    # model="openai.gpt-oss-120b",
    # model="meta.llama-3.3-70b-instruct",
    model="xai.grok-3",
    messages=[{
        "role": "user",
        "content": "Write a one-sentence bedtime story about a unicorn."
        }
    ]
)
print(response)
"""

SYNCHRONOUS = """
from oci_openai import OciOpenAI, OciSessionAuth

client = OciOpenAI(
    base_url="https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/20231130/actions/v1",
    auth=OciSessionAuth(profile_name="<profile name>"),
    compartment_id="<compartment ocid>",
)

completion = client.chat.completions.create(
    model="<model name>",
    messages=[
        {
            "role": "user",
            "content": "How do I output all files in a directory using Python?",
        },
    ],
)
print(completion.model_dump_json())
"""

ASYNCHRONOUS = """
from oci_openai import AsyncOciOpenAI, OciSessionAuth

client = AsyncOciOpenAI(
    auth=OciSessionAuth(profile_name="<profile name>"),
    base_url="https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/20231130/actions/v1",
    compartment_id="<compartment ocid>",
)

completion = await client.chat.completions.create(
    model="<model name>",
    messages=[
        {
            "role": "user",
            "content": "How do I output all files in a directory using Python?",
        },
    ],
)
print(completion.model_dump_json())
"""

NATIVE_CLIENT = """

import httpx
from openai import OpenAI
from oci_openai import OciSessionAuth

# Example for OCI Generative AI endpoint
client = OpenAI(
    api_key="OCI",
    base_url="https://inference.generativeai.us-chicago-1.oci.oraclecloud.com/20231130/actions/v1",
    http_client=httpx.Client(
        auth=OciSessionAuth(profile_name="<profile name>"),
        headers={"CompartmentId": "<compartment ocid>"}
    ),
)

completion = client.chat.completions.create(
    model="<model name>",
    messages=[
        {
            "role": "user",
            "content": "How do I output all files in a directory using Python?",
        },
    ],
)
print(completion.model_dump_json())

"""

DEPLOYMENT = """
from oci_openai import OciOpenAI, OciSessionAuth

client = OciOpenAI(
    base_url="https://modeldeployment.us-ashburn-1.oci.customer-oci.com/<OCID>/predict/v1",
    auth=OciSessionAuth(profile_name="<profile name>")
)

response = client.chat.completions.create(
    model="<model-name>",
    messages=[
        {
            "role": "user",
            "content": "Explain how to list all files in a directory using Python.",
        },
    ],
)

print(response.model_dump_json())
"""

DEPLOYMENT_ASYNCHRONOUS = """
from oci_openai import AsyncOciOpenAI, OciSessionAuth

# Example for OCI Data Science Model Deployment endpoint
client = AsyncOciOpenAI(
    base_url="https://modeldeployment.us-ashburn-1.oci.customer-oci.com/<OCID>/predict/v1",
    auth=OciSessionAuth(profile_name="<profile name>")
)

response = await client.chat.completions.create(
    model="<model-name>",
    messages=[
        {
            "role": "user",
            "content": "Explain how to list all files in a directory using Python.",
        },
    ],
)

print(response.model_dump_json())
"""

DEPLOYMENT_NATIVE_CLIENT = """

import httpx
from openai import OpenAI
from oci_openai import OciSessionAuth

# Example for OCI Data Science Model Deployment endpoint
client = OpenAI(
    api_key="OCI",
    base_url="https://modeldeployment.us-ashburn-1.oci.customer-oci.com/<OCID>/predict/v1",
    http_client=httpx.Client(auth=OciSessionAuth()),
)

response = client.chat.completions.create(
    model="<model-name>",
    messages=[
        {
            "role": "user",
            "content": "Explain how to list all files in a directory using Python.",
        },
    ],
)
print(response.model_dump_json())
"""

SIGNERS = """
from oci_openai import (
    OciOpenAI,
    OciSessionAuth,
    OciResourcePrincipalAuth,
    OciInstancePrincipalAuth,
    OciUserPrincipalAuth,
)

# 1) Session (local dev; uses ~/.oci/config + session token)
session_auth = OciSessionAuth(profile_name="DEFAULT")

# 2) Resource Principal (OCI services with RP)
rp_auth = OciResourcePrincipalAuth()

# 3) Instance Principal (OCI Compute)
ip_auth = OciInstancePrincipalAuth()

# 4) User Principal (API key in ~/.oci/config)
up_auth = OciUserPrincipalAuth(profile_name="DEFAULT")
"""

HOSTS = (
    "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com",
    "https://modeldeployment.us-ashburn-1.oci.customer-oci.com",
)


def run(example: str, emulator: Emulator, **more: str) -> None:
    """Run an example with its placeholders filled in."""
    changes = {
        "from oci_openai import": "from ocicat import",
        "<profile name>": "WORK",
        "OciSessionAuth()": 'OciSessionAuth(profile_name="WORK")',
        "<compartment ocid>": emulator.compartment_id,
        "<model name>": "xai.grok-4.3",
        "<model-name>": "odsc-llm",
        "<OCID>": emulator.deployments[0],
        **more,
    }
    for written, meant in changes.items():
        example = example.replace(written, meant)
    code = compile(example, "example", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    names: dict[str, Any] = {}
    outcome = eval(code, names)
    if inspect.iscoroutine(outcome):
        asyncio.run(outcome)
    elif "client" in names:
        names["client"].close()  # the README leaves that to Python, which warns of it


@pytest.fixture(autouse=True)
def session(oci_emulator: Emulator) -> None:
    oci_emulator.identity.session("WORK")


@pytest.mark.parametrize("example", [SYNCHRONOUS, ASYNCHRONOUS], ids=["sync", "async"])
@pytest.mark.parametrize("model", ["xai.grok-4.3", "cohere.command-a-03-2025"])
def test_the_clients_answer_for_any_model(
    oci_emulator: Emulator, capsys: pytest.CaptureFixture[str], example: str, model: str
) -> None:
    run(example, oci_emulator, **{"<model name>": model})
    assert "emulator" in capsys.readouterr().out
    assert oci_emulator.ledger.last.verified
    assert (oci_emulator.ledger.last.key_id or "").startswith("ST$")


@pytest.mark.parametrize("example", [DEPLOYMENT, DEPLOYMENT_ASYNCHRONOUS], ids=["sync", "async"])
def test_the_clients_answer_for_a_deployment_without_a_compartment(
    oci_emulator: Emulator,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    example: str,
) -> None:
    monkeypatch.delenv("OCI_COMPARTMENT_ID")
    run(example, oci_emulator)
    assert "emulator" in capsys.readouterr().out
    assert oci_emulator.ledger.last.verified


@pytest.mark.parametrize(
    "example", [NATIVE_CLIENT, DEPLOYMENT_NATIVE_CLIENT], ids=["service", "deployment"]
)
def test_openais_own_client_is_signed_for(
    oci_emulator: Emulator, capsys: pytest.CaptureFixture[str], example: str
) -> None:
    run(example, oci_emulator, **dict.fromkeys(HOSTS, oci_emulator.url))
    assert "emulator" in capsys.readouterr().out
    assert oci_emulator.ledger.last.verified


def test_openais_own_client_with_an_api_key(
    oci_emulator: Emulator, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", oci_emulator.identity.add_api_key())
    monkeypatch.setenv("OCICAT_RESPONSE_STORE", ":memory:")
    retired = {"xai.grok-3": "xai.grok-4.3"}
    run(
        API_KEYS,
        oci_emulator,
        **retired,
        **{"from openai import OpenAI": "from ocicat import OciOpenAI as OpenAI"},
    )
    assert capsys.readouterr().out.count("emulator") >= 2
    assert all(received.verified for received in oci_emulator.ledger)


def test_the_signers_are_made(oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in oci_emulator.identity.resource_environment("2.2").items():
        monkeypatch.setenv(name, value)
    run(
        SIGNERS,
        oci_emulator,
        **{'OciSessionAuth(profile_name="DEFAULT")': 'OciSessionAuth(profile_name="WORK")'},
    )
