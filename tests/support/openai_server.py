"""A tiny OpenAI-compatible server, for the emulator's backend: the standard library's, scripted."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

__all__ = ["OpenAIServer", "openai_server"]


class OpenAIServer:
    """Answers chats with "Hello from <model>." and remembers what it was asked.

    * ``models``: what it lists. ``bodies``: the chats it was asked.
    * ``status``: of every answer to a chat. ``ending``: how streams end: ``"well"``, ``"early"``
      (without a finish reason) or ``"error"`` (an event that reports a failure).
    """

    def __init__(self) -> None:
        self.models = ["llama3.2", "qwen3"]
        self.bodies: list[dict[str, Any]] = []
        self.status = 200
        self.ending = "well"
        self.url = ""


@contextmanager
def openai_server() -> Iterator[OpenAIServer]:
    """A running server."""
    server = OpenAIServer()
    listener = ThreadingHTTPServer(("127.0.0.1", 0), _handler(server))
    listener.daemon_threads = False
    server.url = f"http://127.0.0.1:{listener.server_address[1]}/v1"
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        listener.shutdown()
        thread.join()
        listener.server_close()


def _handler(server: OpenAIServer) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            assert self.path == "/v1/models"
            self._send(200, {"object": "list", "data": [{"id": id} for id in server.models]})

        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            body = json.loads(self.rfile.read(int(self.headers["content-length"])))
            server.bodies.append(body)
            if server.status != 200:
                self._send(server.status, {"error": {"message": "out of memory"}})
            elif body.get("stream"):
                self._stream(body)
            else:
                self._send(200, _reply(body["model"]))

        def _send(self, status: int, value: Any) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def _stream(self, body: dict[str, Any]) -> None:
            self.send_response(200)
            self.send_header("content-type", "text/event-stream")
            self.end_headers()
            for event in _events(body, server.ending):
                payload = event if isinstance(event, str) else json.dumps(event)
                self.wfile.write(f"data: {payload}\n\n".encode())
                self.wfile.flush()

    return Handler


def _reply(model: str) -> dict[str, Any]:
    message = {"role": "assistant", "content": f"Hello from {model}."}
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": model,
        "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7},
    }


def _events(body: dict[str, Any], ending: str) -> Iterator[Any]:
    model = body["model"]

    def chunk(delta: dict[str, str], reason: str | None = None) -> dict[str, Any]:
        choice = {"index": 0, "delta": delta, "finish_reason": reason}
        return {"id": "1", "object": "chat.completion.chunk", "model": model, "choices": [choice]}

    yield chunk({"role": "assistant", "content": ""})
    yield chunk({"content": "Hello "})
    yield chunk({"content": f"from {model}."})
    if ending == "early":
        return
    if ending == "error":
        yield {"error": {"message": "out of memory"}}
        return
    yield chunk({}, "stop")
    if (body.get("stream_options") or {}).get("include_usage"):
        counts = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}
        yield {"id": "1", "model": model, "choices": [], "usage": counts}
    yield "[DONE]"
