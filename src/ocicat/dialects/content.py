"""What a message is made of: every shape that people write, read into a few kinds of parts.

Read: a text alone, and lists of parts of OpenAI's Chat Completions, OpenAI's Responses and
Anthropic's Messages, so that histories of any of these move over unchanged. Written (``neutral``):
OpenAI's Chat Completions, with ``audio_url`` and ``video_url`` for what it has no part for.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from ocicat.errors import InvalidParameter, UnsupportedFeature

__all__ = ["Media", "MediaKind", "Part", "Text", "neutral", "read", "texts_of"]

MediaKind = Literal["image", "document", "audio", "video"]

_DATA = re.compile(r"data:(?P<type>[\w.+-]+/[\w.+-]+)?(;[\w=.+-]+)*;base64,(?P<data>.*)", re.DOTALL)
_TEXTS = frozenset({"text", "input_text", "output_text"})
_DETAILS = ("auto", "low", "high")


@dataclass(frozen=True, slots=True)
class Text:
    """Words."""

    text: str


@dataclass(frozen=True, slots=True)
class Media:
    """Something to look at, to read or to listen to.

    ``url`` is a ``data:`` URI with the content in base64, or the address of a file; it is empty
    where ``file_id`` names a file that was uploaded before. ``detail`` (images) is ``auto``,
    ``low`` or ``high``.
    """

    kind: MediaKind
    url: str = ""
    detail: str | None = None
    name: str | None = None
    file_id: str | None = None

    @property
    def data(self) -> tuple[str, str] | None:
        """The media type (may be empty) and the base64 of a ``data:`` URI, or ``None``."""
        match = _DATA.fullmatch(self.url)
        return (match["type"] or "", match["data"]) if match else None


Part = Text | Media


def read(content: Any, where: str) -> tuple[Part, ...]:
    """The parts of a message's content, in order. ``None`` has none; a text alone is one.

    Raises :class:`~ocicat.errors.InvalidParameter` for a shape that is nobody's and
    :class:`~ocicat.errors.UnsupportedFeature` for a part of a kind that is not known here.
    """
    if content is None:
        return ()
    if isinstance(content, str):
        return (Text(content),)
    if not isinstance(content, (list, tuple)):
        raise InvalidParameter(f"`{where}` must be a text or a list of parts.", parameter=where)
    parts: list[Part] = []
    for index, part in enumerate(content):
        here = f"{where}[{index}]"
        if isinstance(part, str):
            parts.append(Text(part))
            continue
        if not isinstance(part, dict) or not isinstance(part.get("type"), str):
            raise InvalidParameter(
                f'`{here}` must be a part such as {{"type": "text", "text": …}}.', parameter=here
            )
        parts.append(_part(part, here))
    return tuple(parts)


def _part(part: dict[str, Any], where: str) -> Part:
    kind = part["type"]
    if kind in _TEXTS:
        return Text(_string(part, "text", where))
    if kind == "refusal":
        return Text(_string(part, "refusal", where))
    if kind in ("image_url", "input_image"):
        if part.get("file_id"):
            return Media("image", detail=_detail(part, where), file_id=str(part["file_id"]))
        return _linked("image", part, "image_url", where)
    if kind in ("video_url", "audio_url", "document_url"):
        return _linked(kind.removesuffix("_url"), part, kind, where)
    if kind == "input_audio":
        sound = _object(part, "input_audio", where)
        format = _string(sound, "format", f"{where}.input_audio")
        data = _string(sound, "data", f"{where}.input_audio")
        return Media("audio", f"data:audio/{format};base64,{data}")
    if kind == "file":
        return _file(_object(part, "file", where), f"{where}.file")
    if kind == "input_file":
        return _file(part, where)
    if kind in ("image", "document") and isinstance(part.get("source"), dict):
        return _sourced(kind, part, where)
    raise UnsupportedFeature(
        f"`{where}` is of type {kind!r}, which ocicat does not know.",
        parameter=where,
        hint="It knows text, image_url, file, input_audio, audio_url and video_url.",
    )


def _linked(kind: MediaKind, part: dict[str, Any], key: str, where: str) -> Media:
    link = part.get(key)
    if isinstance(link, str):
        return Media(kind, _url(link, f"{where}.{key}"), _detail(part, where))
    if not isinstance(link, dict):
        raise InvalidParameter(f'`{where}.{key}` must be {{"url": …}}.', parameter=f"{where}.{key}")
    here = f"{where}.{key}"
    return Media(kind, _url(_string(link, "url", here), f"{here}.url"), _detail(link, here))


def _file(file: dict[str, Any], where: str) -> Media:
    name = file.get("filename")
    if file.get("file_id"):
        return Media("document", name=name, file_id=str(file["file_id"]))
    if file.get("file_url"):
        return Media("document", _url(_string(file, "file_url", where), where), name=name)
    data = _string(file, "file_data", where)
    if not data.startswith("data:"):
        data = f"data:application/pdf;base64,{data}"
    return Media("document", data, name=name)


def _sourced(kind: MediaKind, part: dict[str, Any], where: str) -> Part:
    """A part in Anthropic's form."""
    source = part["source"]
    here = f"{where}.source"
    match source.get("type"):
        case "base64":
            type = _string(source, "media_type", here)
            return Media(kind, f"data:{type};base64,{_string(source, 'data', here)}")
        case "url":
            return Media(kind, _url(_string(source, "url", here), f"{here}.url"))
        case "text":
            return Text(_string(source, "data", here))
        case "file":
            return Media(kind, file_id=_string(source, "file_id", here))
    raise InvalidParameter(
        f"`{here}.type` must be base64, url, text or file.", parameter=f"{here}.type"
    )


def _url(value: str, where: str) -> str:
    if not value.startswith(("data:", "http://", "https://", "gs://", "oci://")):
        raise InvalidParameter(
            f"`{where}` is neither a URL nor a data URI.",
            parameter=where,
            hint='Write the content of a file as "data:image/png;base64,…".',
        )
    return value


def _detail(holder: dict[str, Any], where: str) -> str | None:
    detail = holder.get("detail")
    if detail is None:
        return None
    if not isinstance(detail, str) or detail.lower() not in _DETAILS:
        raise InvalidParameter(
            f"`{where}.detail` must be auto, low or high.", parameter=f"{where}.detail"
        )
    return detail.lower()


def _object(holder: dict[str, Any], key: str, where: str) -> dict[str, Any]:
    value = holder.get(key)
    if not isinstance(value, dict):
        raise InvalidParameter(f"`{where}.{key}` must be a dictionary.", parameter=f"{where}.{key}")
    return value


def _string(holder: dict[str, Any], key: str, where: str) -> str:
    value = holder.get(key)
    if not isinstance(value, str):
        raise InvalidParameter(f"`{where}.{key}` must be a text.", parameter=f"{where}.{key}")
    return value


def neutral(part: Part) -> dict[str, Any]:
    """The part in OpenAI's form."""
    if isinstance(part, Text):
        return {"type": "text", "text": part.text}
    if part.kind == "document":
        file: dict[str, Any] = {}
        if part.file_id:
            file["file_id"] = part.file_id
        elif part.url.startswith("data:"):
            file["file_data"] = part.url
        else:
            file["file_url"] = part.url
        if part.name:
            file["filename"] = part.name
        return {"type": "file", "file": file}
    if part.kind == "audio" and (data := part.data) and data[0].startswith("audio/"):
        return {
            "type": "input_audio",
            "input_audio": {"data": data[1], "format": data[0].removeprefix("audio/")},
        }
    if part.file_id:
        return {"type": "input_image", "file_id": part.file_id}
    link = {"url": part.url, **({"detail": part.detail} if part.detail else {})}
    return {"type": f"{part.kind}_url", f"{part.kind}_url": link}


def texts_of(parts: Iterable[Part]) -> list[str]:
    """The words among the parts, in order."""
    return [part.text for part in parts if isinstance(part, Text)]
