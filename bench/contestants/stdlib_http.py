"""A floor for sync calls: ``http.client`` of the standard library, one connection per thread."""

from __future__ import annotations

import json
import threading
from http.client import HTTPConnection, HTTPResponse
from typing import Any

from bench.contestants.contract import Contestant, Settings, SyncClient
from bench.contestants.signature import Signature

__all__ = ["CONTESTANTS"]

_TARGET = "/openai/v1/chat/completions"


class _Sync:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._signature = Signature(settings, _TARGET)
        self._local = threading.local()

    def _send(self, **more: Any) -> HTTPResponse:
        body = json.dumps(
            {"model": self._settings.model, "messages": self._settings.messages, **more}
        ).encode()
        try:
            connection: HTTPConnection = self._local.connection
        except AttributeError:
            connection = self._local.connection = HTTPConnection(self._signature.host)
        headers = self._signature.headers(body)
        headers["opc-compartment-id"] = self._settings.compartment
        connection.request("POST", _TARGET, body, headers)
        return connection.getresponse()

    def call(self) -> str:
        text: str = json.loads(self._send().read())["choices"][0]["message"]["content"]
        return text

    def stream(self) -> int:
        size = 0
        for line in self._send(stream=True):
            if line.startswith(b"data: ") and not line.startswith(b"data: [DONE]"):
                for choice in json.loads(line[6:])["choices"]:
                    size += len(choice["delta"].get("content") or "")
        return size


def _open_sync(settings: Settings) -> SyncClient:
    return _Sync(settings)


_COLD_IMPORT = """\
import http.client, json, hashlib, base64, email.utils
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.serialization import load_pem_private_key
"""

_COLD_CALL = (
    _COLD_IMPORT
    + """\
key = load_pem_private_key(s["key_pem"].encode(), None)
host = s["base_url"].removeprefix("http://")
body = json.dumps({"model": s["model"], "messages": s["messages"]}).encode()
date = email.utils.formatdate(usegmt=True)
digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
text = (
    f"date: {date}\\n(request-target): post /openai/v1/chat/completions\\nhost: {host}\\n"
    f"content-length: {len(body)}\\ncontent-type: application/json\\nx-content-sha256: {digest}"
)
signature = base64.b64encode(key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
key_id = f'{s["tenancy"]}/{s["user"]}/{s["fingerprint"]}'
names = "date (request-target) host content-length content-type x-content-sha256"
connection = http.client.HTTPConnection(host)
connection.request("POST", "/openai/v1/chat/completions", body, {
    "date": date, "host": host, "content-type": "application/json", "x-content-sha256": digest,
    "opc-compartment-id": s["compartment"],
    "authorization": f'Signature algorithm="rsa-sha256",headers="{names}",keyId="{key_id}",'
                     f'signature="{signature}",version="1"',
})
reply = json.loads(connection.getresponse().read())
assert reply["choices"][0]["message"]["content"] == s["expected"]
"""
)


CONTESTANTS = [
    Contestant(
        key="http.client",
        label="floor: http.client + signature",
        kind="floor",
        requires=("cryptography",),
        open_sync=_open_sync,
        cold_import=_COLD_IMPORT,
        cold_call=_COLD_CALL,
    )
]
