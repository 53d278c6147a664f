"""What each model can be told, as a table: the same rows that encoding a request goes by."""

from __future__ import annotations

from dataclasses import dataclass

from ocicat.dialects import registry
from ocicat.dialects.dialect import Entry, Way
from ocicat.dialects.messages import seen_as
from ocicat.dialects.parameters import Parameter, Refused, for_model
from ocicat.vocabulary.chat import ChatParameters
from ocicat.vocabulary.model import ModelFacts

__all__ = ["CONTENT_KINDS", "DIALECTS", "Row", "table"]

#: The dialects of chats.
DIALECTS = ("openai_chat", "openai_responses", "oci_generic", "oci_cohere", "oci_cohere_v2")

#: What a message may hold beside text.
CONTENT_KINDS = ("image", "document", "audio", "video")


@dataclass(frozen=True, slots=True)
class Row:
    """What becomes of one parameter, or of one kind of content.

    ``wire`` is its name on the wire, where it is simply translated.
    """

    name: str
    way: Way
    wire: str = ""
    note: str = ""


def table(dialect: str, facts: ModelFacts | None = None) -> list[Row]:
    """What becomes of everything that a chat request may say, over ``dialect``.

    With ``facts``, for this model; without, for any. Parameters in the order of
    :class:`~ocicat.vocabulary.chat.ChatParameters`, then kinds of content.
    """
    spoken = registry.dialect(dialect)
    rows = []
    for name in ChatParameters.__annotations__:
        entry: Entry = spoken.PARAMETERS.get(name, _NO_PLACE)
        rows.append(_row(name, for_model(name, entry, facts) if facts else entry))
    for kind in CONTENT_KINDS:
        entry = spoken.CONTENT.get(kind, _NO_PLACE)
        if facts and facts.known and entry.way != "refused" and kind not in seen_as(facts):
            entry = Refused(f"{facts.id} takes only {', '.join(facts.input_modalities)}.")
        rows.append(_row(f"content: {kind}", entry))
    return rows


_NO_PLACE = Refused("It has no place there.")


def _row(name: str, entry: Entry) -> Row:
    return Row(name, entry.way, entry.wire if isinstance(entry, Parameter) else "", entry.note)
