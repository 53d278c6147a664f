"""Files as OCI's native formats link to them.

A file that travels along is a data URI. One that is elsewhere is ``data:<type>;uri,<address>``.
Source: the ``oci`` SDK's ``ImageUrl``.
"""

from __future__ import annotations

import re

from ocicat.dialects.content import Media, MediaKind

__all__ = ["decode", "encode"]

_ELSEWHERE = re.compile(r"data:[^;,]*;uri,(?P<address>.*)", re.DOTALL)
# OCI wants to be told what an address leads to. What cannot be guessed from its ending is taken for
# the usual kind of file.
_USUAL: dict[MediaKind, str] = {
    "image": "image/jpeg",
    "document": "application/pdf",
    "audio": "audio/mp3",
    "video": "video/mp4",
}
_ENDINGS = {
    **{ending: f"image/{ending}" for ending in ("png", "gif", "webp", "bmp", "heic", "jpeg")},
    **{ending: f"audio/{ending}" for ending in ("mp3", "wav", "ogg", "flac", "aac", "m4a")},
    **{ending: f"video/{ending}" for ending in ("mp4", "webm", "mpeg")},
    **{ending: f"text/{ending}" for ending in ("html", "csv")},
    "jpg": "image/jpeg",
    "tif": "image/tiff",
    "tiff": "image/tiff",
    "mov": "video/quicktime",
    "avi": "video/x-msvideo",
    "pdf": "application/pdf",
    "json": "application/json",
    "txt": "text/plain",
    "md": "text/markdown",
}


def encode(media: Media) -> str:
    """The link to a file."""
    if media.url.startswith("data:"):
        return media.url
    path = re.split(r"[?#]", media.url, maxsplit=1)[0]
    type = _ENDINGS.get(path.rpartition(".")[2].lower(), _USUAL[media.kind])
    return f"data:{type};uri,{media.url}"


def decode(link: str) -> str:
    """The address of a file elsewhere, and the data URI of one that travels along."""
    elsewhere = _ELSEWHERE.fullmatch(link)
    return elsewhere["address"] if elsewhere else link
