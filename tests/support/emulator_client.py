"""A client for the emulator's own tests: bare HTTP, signed by the ``oci`` SDK.

Nothing of ocicat signs, sends or decodes here, so that the emulator is judged by strangers.
"""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import oci
import requests

from ocicat.emulator import Emulator

__all__ = [
    "COHERE",
    "LLAMA",
    "Answer",
    "ask",
    "chat_body",
    "cohere_body",
    "connected",
    "event_payloads",
    "openai_body",
    "openai_headers",
    "request_bytes",
    "signed_headers",
    "signer",
    "text_of",
]

LLAMA = "meta.llama-3.3-70b-instruct"
COHERE = "cohere.command-a-03-2025"
CHAT = "/20231130/actions/chat"


@dataclass(frozen=True)
class Answer:
    """What came back. Header names are in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        return self.headers["x-ocicat-emulator-reason"]


def signer(emulator: Emulator) -> oci.signer.Signer:
    """The ``oci`` SDK's signer for the identity in the emulator's home."""
    config = oci.config.from_file(str(emulator.home.config_file))
    return oci.signer.Signer(
        config["tenancy"], config["user"], config["fingerprint"], config["key_file"]
    )


def signed_headers(
    emulator: Emulator,
    method: str,
    target: str,
    body: bytes,
    headers: Mapping[str, str] | None = None,
    *,
    by: Any = None,
) -> dict[str, str]:
    """The headers of a signed request."""
    request = requests.Request(
        method,
        emulator.url + target,
        headers={"content-type": "application/json", **(headers or {})},
        data=body,
    ).prepare()
    request.url = emulator.url + target  # prepare() quotes anew; this is what goes on the wire
    (by or signer(emulator)).do_request_sign(request)
    return {name.lower(): str(value) for name, value in request.headers.items()}


def ask(
    emulator: Emulator,
    method: str,
    target: str,
    body: Any = b"",
    headers: Mapping[str, str] | None = None,
    *,
    by: Any = None,
    after_signing: Callable[[dict[str, str], bytes], bytes | None] | None = None,
    sign: bool = True,
) -> Answer:
    """Send one request and read the whole answer.

    ``body`` is bytes or something to send as JSON. ``after_signing`` may change the headers, and
    returns another body to send if it wants to.
    """
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    if sign:
        sent = signed_headers(emulator, method, target, content, headers, by=by)
    else:
        sent = {"content-length": str(len(content)), **(headers or {})}
    if after_signing is not None:
        changed = after_signing(sent, content)
        content = content if changed is None else changed
    connection = http.client.HTTPConnection(emulator.url.removeprefix("http://"), timeout=20)
    try:
        connection.putrequest(
            method,
            target,
            skip_host="host" in sent,
            skip_accept_encoding=True,
        )
        for name, value in sent.items():
            connection.putheader(name, value)
        connection.endheaders(content)
        response = connection.getresponse()
        answer = response.read()
        return Answer(
            response.status,
            {name.lower(): value for name, value in response.getheaders()},
            answer,
        )
    finally:
        connection.close()


def request_bytes(
    emulator: Emulator,
    body: Any,
    target: str = CHAT,
    headers: Mapping[str, str] | None = None,
) -> bytes:
    """The bytes of a signed POST."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    lines = [f"POST {target} HTTP/1.1"]
    sent = signed_headers(emulator, "POST", target, content, headers)
    lines += [f"{name}: {value}" for name, value in sent.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


@contextmanager
def connected(emulator: Emulator) -> Iterator[socket.socket]:
    """A bare connection to the emulator."""
    host, _, port = emulator.url.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=20) as connection:
        yield connection


def chat_body(
    emulator: Emulator, text: str = "What is OCI?", model: str = LLAMA, **chat: Any
) -> dict[str, Any]:
    """A GENERIC ``ChatDetails``."""
    return {
        "compartmentId": emulator.compartment_id,
        "servingMode": {"servingType": "ON_DEMAND", "modelId": model},
        "chatRequest": {
            "apiFormat": "GENERIC",
            "messages": [{"role": "USER", "content": [{"type": "TEXT", "text": text}]}],
            **chat,
        },
    }


def cohere_body(
    emulator: Emulator, text: str = "What is OCI?", model: str = COHERE, **chat: Any
) -> dict[str, Any]:
    """A COHERE ``ChatDetails``."""
    return {
        "compartmentId": emulator.compartment_id,
        "servingMode": {"servingType": "ON_DEMAND", "modelId": model},
        "chatRequest": {"apiFormat": "COHERE", "message": text, **chat},
    }


def openai_body(text: str = "What is OCI?", model: str = LLAMA, **more: Any) -> dict[str, Any]:
    """A Chat Completions request."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **more}


def openai_headers(emulator: Emulator) -> dict[str, str]:
    """The headers that the OpenAI-compatible surface wants beside the signature."""
    return {"opc-compartment-id": emulator.compartment_id}


def event_payloads(body: bytes) -> list[Any]:
    """The payloads of a stream whose events are separated by blank lines."""
    blocks = body.decode().split("\n\n")
    assert blocks.pop() == ""
    payloads: list[Any] = []
    for block in blocks:
        assert block.startswith("data: ")
        assert "\n" not in block
        payload = block.removeprefix("data: ")
        payloads.append(payload if payload == "[DONE]" else json.loads(payload))
    return payloads


def text_of(payloads: list[Any]) -> str:
    """The text that the deltas of a GENERIC stream say."""
    return "".join(
        part["text"]
        for payload in payloads
        if isinstance(payload, dict)
        for part in payload.get("message", {}).get("content", [])
    )
