"""``count_tokens``: about how long a prompt is, without asking anybody.

OCI has no operation that counts, and the tokenizers of its models are a download each, most of them
not public. Those that are public agree closely, though: a common English word is one token. So the
text is cut as they cut it, and longer or rarer pieces are charged by their length.

The weights were set by comparison with the public tokenizers of three vendors: gpt-oss's
(``o200k_base``), those of Llama 3 and 4, and Mistral's (Tekken). ``docs/models.md`` says how far
they are off. Families have no weights of their own: on what people mostly send, these four agree.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ocicat.dialects import tools as tools_of
from ocicat.dialects.content import Media, Text
from ocicat.dialects.dialect import Notes
from ocicat.dialects.messages import turns
from ocicat.routing.catalog import facts
from ocicat.routing.resolve import bare_model

__all__ = ["TokenEstimate", "count_tokens"]

_PIECES = re.compile(
    # Latin letters, and the alphabets up to Greek Extended with the marks that stand on letters.
    r"(?P<word>_?[A-Za-z\u00aa-\u1fff]+)"
    r"|(?P<number>[0-9]{1,3})"
    # Kana and hangul, then Chinese characters and the punctuation of all three.
    r"|(?P<syllables>[\u3040-\u30ff\uac00-\ud7af]+)"
    r"|(?P<wide>[\u2e80-\u303f\u3100-\u9fff\uf900-\ufaff\uff00-\uffef])"
    r"|(?P<letters>[^\W\d_]+)"
    r"|(?P<lines>\s*\n\s*)"
    r"|(?P<indent>[^\S\n]{2,})"
    r"|(?P<marks>[^\w\s]+|_+)"
)
#: Tokens around a message (its role and its ends), and those that begin the answer.
_PER_MESSAGE = 4
_PER_REPLY = 3
#: What OpenAI charges for a picture of 1024 × 1024 pixels, by its ``detail``.
_PER_IMAGE = {"low": 85}
_PER_USUAL_IMAGE = 765


@dataclass(frozen=True, slots=True)
class TokenEstimate:
    """About how many tokens a prompt has.

    * ``tokens``: all of them, what stands around the messages included.
    * ``context``: tokens that the model takes, prompt and answer together; ``None`` if not known.
    * ``uncounted``: kinds of content that are not in ``tokens``: document, audio, video.
    * ``estimated``: always true; OCI counts in the reply's ``usage``.
    """

    tokens: int
    context: int | None = None
    uncounted: tuple[str, ...] = ()
    estimated: bool = True


def count_tokens(
    model: str,
    messages: str | Iterable[Mapping[str, Any]],
    *,
    tools: Iterable[Mapping[str, Any]] | None = None,
) -> TokenEstimate:
    """Estimate how many tokens the prompt of a chat with ``model`` has.

    ``messages`` and ``tools`` are those of a completion; a text alone is one message. Pictures
    count the same whatever their size.

    Raises :class:`~ocicat.errors.InvalidParameter` for a shape that is nobody's.
    """
    given = [{"role": "user", "content": messages}] if isinstance(messages, str) else messages
    request: Any = {"messages": _listed(given), "tools": _listed(tools)}
    tokens = float(_PER_REPLY)
    uncounted = []
    for turn in turns(request):
        tokens += _PER_MESSAGE + sum(map(_in_text, (turn.reasoning, turn.tool_plan)))
        for call in turn.tool_calls:
            tokens += _PER_MESSAGE + _in_text(call.name) + _in_text(call.arguments)
        for part in turn.parts:
            match part:
                case Text(text):
                    tokens += _in_text(text)
                case Media("image"):
                    tokens += _PER_IMAGE.get(part.detail or "", _PER_USUAL_IMAGE)
                case Media(kind):
                    uncounted.append(kind)
    for tool in tools_of.tools(request, Notes()):
        schema = json.dumps(tool.parameters or {}, separators=(",", ":"), ensure_ascii=False)
        tokens += _PER_MESSAGE + sum(map(_in_text, (tool.name, tool.description, schema)))
    known = facts(bare_model(model))
    return TokenEstimate(round(tokens), known.context, tuple(dict.fromkeys(uncounted)))


def _listed(value: Any) -> Any:
    """What may be gone through only once, as a list; the dialects say what is wrong with others."""
    return list(value) if isinstance(value, Iterable) else value


def _in_text(text: str) -> float:
    return sum(_of_piece(piece.lastgroup, piece[0]) for piece in _PIECES.finditer(text))


def _of_piece(kind: str | None, piece: str) -> float:
    length = len(piece)
    match kind:
        case "word" if piece.isascii() and length > 20:
            return length / 2.5  # nobody's word: an id, or encoded bytes
        case "word" if piece.isascii():
            return 1 + max(0, length - 7) / 8
        case "word" | "letters":
            return max(1.0, length / 2.8)
        case "syllables":
            return max(1.0, length / 1.7)
        case "wide":
            return 0.8
        case "marks" if length > 3:
            return 1 + (length - 3) / 4
    return 1.0
