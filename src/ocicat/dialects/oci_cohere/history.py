"""COHERE's form of a conversation, both ways.

The question stands alone in ``message``, or the results of the tools just called stand in
``toolResults`` with an empty ``message``; everything before is ``chatHistory``, in order. System
messages at the start are the preamble. Tool calls have no ids on this wire: a result repeats the
call that it answers. Source of the names: the ``oci`` SDK's ``CohereMessage`` and its kin,
``CohereToolCall`` and ``CohereToolResult``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ocicat.dialects import json_text
from ocicat.dialects.dialect import Notes
from ocicat.dialects.messages import Turn
from ocicat.errors import InvalidParameter, UnsupportedFeature
from ocicat.vocabulary.chat import ChatMessage

__all__ = ["Conversation", "arguments", "decode", "encode", "parameters"]

_SYSTEM = ("system", "developer")


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation in COHERE's parts. ``question`` is empty where there are ``results``."""

    preamble: list[str]
    history: list[dict[str, Any]]
    question: str
    results: list[dict[str, Any]]


def encode(spoken: Sequence[Turn], notes: Notes) -> Conversation:
    """The conversation in COHERE's parts.

    System messages behind the question, or behind the results, have no place in the format: they go
    before the question, or before the calls. Empty turns are left out of the history with a note,
    as OCI refuses them.

    Raises :class:`~ocicat.errors.InvalidParameter` where there is nothing to answer and
    :class:`~ocicat.errors.UnsupportedFeature` where the conversation ends with an assistant's turn.
    """
    _check(spoken, notes)
    opening = 0
    while opening < len(spoken) and spoken[opening].role in _SYSTEM:
        opening += 1
    preamble = [text for turn in spoken[:opening] if (text := _text(turn))]
    begin = _present(spoken)
    past = list(spoken[opening:begin])
    now = [turn for turn in spoken[begin:] if turn.role not in _SYSTEM]
    behind = [turn for turn in spoken[begin:] if turn.role in _SYSTEM]
    calls: dict[str, dict[str, Any]] = {}
    if now[0].role == "tool":
        history = _history([*past[:-1], *behind, past[-1]], calls, notes)
        return Conversation(preamble, history, "", [_result(turn, calls) for turn in now])
    history = _history([*past, *behind], calls, notes)
    question = _text(now[0])
    if not question:
        raise InvalidParameter(
            f"`{now[0].where}` is empty, and Cohere needs a question to answer.",
            parameter=f"{now[0].where}.content",
        )
    return Conversation(preamble, history, question, [])


def _check(spoken: Sequence[Turn], notes: Notes) -> None:
    for turn in spoken:
        # The name of a tool is in the call that its result repeats.
        if turn.name and turn.role != "tool":
            notes.add(f"{turn.where}.name", "Left out: Cohere's format has no place for it.")
    if any(turn.reasoning for turn in spoken):
        notes.add("messages", "Left out: `reasoning_content` has no place in Cohere's history.")


def _present(spoken: Sequence[Turn]) -> int:
    """Where the present begins: the last question, or the results after the last calls."""
    last = max((i for i, turn in enumerate(spoken) if turn.role not in _SYSTEM), default=None)
    if last is None:
        raise InvalidParameter(
            "`messages` has no user message, and Cohere needs one to answer.", parameter="messages"
        )
    if spoken[last].role == "assistant":
        raise UnsupportedFeature(
            "`messages` ends with an assistant's turn; Cohere answers a user's.",
            parameter="messages",
            hint="End with a user message.",
        )
    if spoken[last].role == "user":
        return last
    while spoken[last - 1].role != "assistant":
        last -= 1
    return last


def _history(
    spoken: Iterable[Turn], calls: dict[str, dict[str, Any]], notes: Notes
) -> list[dict[str, Any]]:
    """The entries of ``chatHistory``; ``calls`` is told of every call in it, by its id."""
    history: list[dict[str, Any]] = []
    for turn in spoken:
        if turn.role == "tool":
            if not history or history[-1]["role"] != "TOOL":
                history.append({"role": "TOOL", "toolResults": []})
            history[-1]["toolResults"].append(_result(turn, calls))
            continue
        for index, call in enumerate(turn.tool_calls):
            said = parameters(call.arguments)
            if said == {"arguments": call.arguments}:
                notes.add(
                    f"{turn.where}.tool_calls[{index}]",
                    "Its arguments are no JSON object; they are sent as a text.",
                )
            calls[call.id] = {"name": call.name, "parameters": said}
        entry: dict[str, Any] = {"role": _speaker(turn)}
        text = _text(turn)
        if text:
            entry["message"] = text
        if turn.tool_calls:
            entry["toolCalls"] = [calls[call.id] for call in turn.tool_calls]
        if len(entry) > 1:
            history.append(entry)
        else:
            notes.add(turn.where, "Left out: it is empty, which OCI refuses.")
    return history


def _speaker(turn: Turn) -> str:
    return {"user": "USER", "assistant": "CHATBOT"}.get(turn.role, "SYSTEM")


def _text(turn: Turn) -> str:
    """A turn's words as the one text that COHERE has room for, plans among them."""
    return "\n".join(text for text in (turn.tool_plan, *turn.texts) if text)


def parameters(arguments: str) -> dict[str, Any]:
    """The parameters of a call; arguments that are no JSON object are kept under their own name.

    A model may have written broken JSON, and must be able to read what it wrote.
    """
    if not arguments.strip():
        return {}
    value = json_text.read(arguments)
    return value if isinstance(value, dict) else {"arguments": arguments}


def arguments(parameters: Any) -> str:
    """The arguments of a call as JSON text, of a wire's ``parameters``."""
    return json_text.as_text({} if parameters is None else parameters)


def _result(turn: Turn, calls: Mapping[str, dict[str, Any]]) -> dict[str, Any]:
    outputs = [output for text in turn.texts for output in _outputs(text)]
    return {"call": calls[turn.tool_call_id], "outputs": outputs or [{"output": ""}]}


def _outputs(text: str) -> list[dict[str, Any]]:
    """What a tool gave: a JSON object, or several in a list, as they are; other text as such."""
    value = json_text.read(text)
    if isinstance(value, dict):
        return [value]
    if isinstance(value, list) and value and all(isinstance(item, dict) for item in value):
        return value
    return [{"output": text}]


def decode(chat: Mapping[str, Any]) -> list[ChatMessage]:
    """The neutral messages of a ``CohereChatRequest``. The ids of calls go by their position."""
    reader = _Reader()
    if chat.get("preambleOverride"):
        reader.say("system", chat["preambleOverride"])
    for entry in chat.get("chatHistory") or ():
        reader.take(entry)
    question, results = chat.get("message") or "", chat.get("toolResults")
    # Beside results the question may be empty, or be repeated.
    if not results or (question and question != reader.question):
        reader.say("user", question)
    reader.answer(results or ())
    return reader.messages


class _Reader:
    """Puts the messages of a conversation together."""

    def __init__(self) -> None:
        self.messages: list[ChatMessage] = []
        self.question = ""
        self._made = 0
        # The calls that have no result yet: their ids, and the calls as they came.
        self._open: dict[str, Any] = {}

    def take(self, entry: Mapping[str, Any]) -> None:
        """Read an entry of the history."""
        match entry["role"]:
            case "TOOL":
                self.answer(entry["toolResults"])
            case "CHATBOT":
                self._chatbot(entry.get("message") or "", entry.get("toolCalls") or ())
            case "SYSTEM":
                self.say("system", entry["message"])
            case _:
                self.say("user", entry["message"])

    def say(self, role: str, text: str) -> None:
        """Add a message of a system or a user."""
        self.messages.append({"role": role, "content": text})
        if role == "user":
            self.question = text
            self._open = {}

    def answer(self, results: Iterable[Mapping[str, Any]]) -> None:
        """Add the results of calls, and the calls themselves where the history lacks them."""
        answered = [(self._close(result["call"]), result) for result in results]
        missing = [result["call"] for id, result in answered if not id]
        if missing:
            self._chatbot("", missing)
        for id, result in answered:
            self.messages.append(
                {
                    "role": "tool",
                    "tool_call_id": id or self._close(result["call"]),
                    "content": _content(result["outputs"]),
                }
            )

    def _chatbot(self, text: str, calls: Iterable[Mapping[str, Any]]) -> None:
        message: ChatMessage = {"role": "assistant", "content": text}
        made = []
        for call in calls:
            id = f"call_{self._made}"
            self._made += 1
            self._open[id] = call
            function = {"name": call["name"], "arguments": arguments(call["parameters"])}
            made.append({"id": id, "type": "function", "function": function})
        if made:
            message = {"role": "assistant", "content": text or None, "tool_calls": made}
        self.messages.append(message)

    def _close(self, call: Any) -> str:
        """The id of the open call that a result answers; empty where there is none."""
        equal = [id for id, other in self._open.items() if other == call]
        alike = equal or [id for id, other in self._open.items() if other["name"] == call["name"]]
        if not alike:
            return ""
        del self._open[alike[0]]
        return alike[0]


def _content(outputs: Sequence[Mapping[str, Any]]) -> str | list[dict[str, Any]]:
    """A neutral result's content, which ``_outputs`` makes these outputs of."""
    if all(list(output) == ["output"] and isinstance(output["output"], str) for output in outputs):
        texts = [output["output"] for output in outputs]
        if len(texts) > 1:
            return [{"type": "text", "text": text} for text in texts]
        return "".join(texts)
    whole = outputs[0] if len(outputs) == 1 else outputs
    return json_text.as_text(whole)
