"""OCI's request signature, by hand and with nothing around it: what the bound and the floor sign.

It shares no code with ocicat, so that ocicat cannot move the line it is measured against.
Source: OCI's documentation, "Request Signatures".
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from email.utils import formatdate
from urllib.parse import urlsplit

from bench.contestants.contract import AsyncClient, Contestant, Settings, SyncClient

__all__ = ["CONTESTANTS", "Signature"]


class Signature:
    """Signs POST requests for one target, with a key that is parsed once."""

    def __init__(self, settings: Settings, target: str) -> None:
        self._sign = _signing_function(settings.key_pem)
        self.host = urlsplit(settings.base_url).netloc
        self.target = target
        key_id = f"{settings.tenancy}/{settings.user}/{settings.fingerprint}"
        self._before = (
            'Signature algorithm="rsa-sha256",'
            'headers="date (request-target) host content-length content-type x-content-sha256",'
            f'keyId="{key_id}",signature="'
        )
        self._after = '",version="1"'

    def headers(self, body: bytes) -> dict[str, str]:
        """The headers of a request with this body, ``host`` and ``content-length`` among them."""
        date = formatdate(usegmt=True)
        length = str(len(body))
        digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
        text = (
            f"date: {date}\n(request-target): post {self.target}\nhost: {self.host}\n"
            f"content-length: {length}\ncontent-type: application/json\n"
            f"x-content-sha256: {digest}"
        )
        signature = base64.b64encode(self._sign(text.encode())).decode()
        return {
            "date": date,
            "host": self.host,
            "content-length": length,
            "content-type": "application/json",
            "x-content-sha256": digest,
            "authorization": f"{self._before}{signature}{self._after}",
        }


def _signing_function(pem: str) -> Callable[[bytes], bytes]:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    key = load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    scheme, digest = padding.PKCS1v15(), hashes.SHA256()
    return lambda text: key.sign(text, scheme, digest)


class _OnlySign:
    """Sends nothing: the share of a call that goes into its signature."""

    def __init__(self, settings: Settings) -> None:
        import msgspec

        self._encode = msgspec.json.encode
        self._signature = Signature(settings, "/openai/v1/chat/completions")
        self._body = {"model": settings.model, "messages": settings.messages}

    def call(self) -> str:
        self._signature.headers(self._encode(self._body))
        return ""

    def stream(self) -> int:
        raise NotImplementedError


class _OnlySignAsync:
    def __init__(self, settings: Settings) -> None:
        self._client = _OnlySign(settings)

    async def call(self) -> str:
        return self._client.call()

    async def stream(self) -> int:
        raise NotImplementedError


def _open_sync(settings: Settings) -> SyncClient:
    return _OnlySign(settings)


async def _open_async(settings: Settings) -> AsyncClient:
    return _OnlySignAsync(settings)


CONTESTANTS = [
    Contestant(
        key="signature",
        label="signature alone, nothing sent",
        kind="part",
        requires=("cryptography", "msgspec"),
        open_sync=_open_sync,
        open_async=_open_async,
        streams=False,
    )
]
