"""What the tools that run at OCI do for a response: plausible items, always the same for the same.

A search of files really searches the project's vector stores; nothing else really happens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from ocicat.emulator.containers import new_container
from ocicat.emulator.objects import Project, found, new_id
from ocicat.emulator.vector_stores import search

__all__ = ["hosted_items"]

_MAX_QUERY: Final = 200
_CODE: Final = 'print("Hello from the emulator.")'
_LOGS: Final = [{"type": "logs", "logs": "Hello from the emulator.\n"}]
_MCP_TOOL: Final = {
    "name": "echo",
    "description": "Repeats a text.",
    "input_schema": {
        "type": "object",
        "properties": {"text": {"type": "string"}},
        "required": ["text"],
    },
    "annotations": None,
}
_PAGE: Final = {"type": "url", "url": "https://docs.oracle.com/en-us/iaas/Content/generative-ai/"}


def hosted_items(
    body: dict[str, Any], question: str, project: Project, now: int
) -> list[dict[str, Any]]:
    """What the hosted tools of a request do before the model answers ``question``.

    Raises :class:`~.refusals.Refused` for a store or a container that does not exist.
    """
    if body.get("tool_choice") == "none":
        return []
    items: list[dict[str, Any]] = []
    for tool in body.get("tools", ()):
        work = _WORK.get(tool["type"].partition("_2025")[0])
        if work is not None:
            items += work(tool, body, question[:_MAX_QUERY], project, now)
    return items


def _includes(body: dict[str, Any], what: str) -> bool:
    return what in body.get("include", ())


def _web_search(
    tool: dict[str, Any], body: dict[str, Any], question: str, project: Project, now: int
) -> list[dict[str, Any]]:
    action: dict[str, Any] = {"type": "search", "query": question}
    if _includes(body, "web_search_call.action.sources"):
        action["sources"] = [_PAGE]
    return [
        {
            "type": "web_search_call",
            "id": new_id("ws_"),
            "status": "completed",
            "action": action,
        }
    ]


def _file_search(
    tool: dict[str, Any], body: dict[str, Any], question: str, project: Project, now: int
) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {
        key: tool[key] for key in ("filters", "max_num_results") if key in tool
    }
    results = []
    for id in tool["vector_store_ids"]:
        store = found(project.vector_stores, id, "Vector store")
        for result in search(store, {"query": question, **asked}):
            text = result["content"][0]["text"]
            kept = {key: value for key, value in result.items() if key != "content"}
            results.append({**kept, "text": text})
    return [
        {
            "type": "file_search_call",
            "id": new_id("fs_"),
            "status": "completed",
            "queries": [question],
            "results": results if _includes(body, "file_search_call.results") else None,
        }
    ]


def _code_interpreter(
    tool: dict[str, Any], body: dict[str, Any], question: str, project: Project, now: int
) -> list[dict[str, Any]]:
    if isinstance(tool["container"], str):
        container = found(project.containers, tool["container"], "Container")
    else:
        container = new_container(project, {**tool["container"], "name": "auto"}, now)
    return [
        {
            "type": "code_interpreter_call",
            "id": new_id("ci_"),
            "status": "completed",
            "code": _CODE,
            "container_id": container.shown["id"],
            "outputs": _LOGS if _includes(body, "code_interpreter_call.outputs") else None,
        }
    ]


def _mcp(
    tool: dict[str, Any], body: dict[str, Any], question: str, project: Project, now: int
) -> list[dict[str, Any]]:
    label = tool["server_label"]
    call = {"name": _MCP_TOOL["name"], "arguments": '{"text":"Hello"}', "server_label": label}
    listing = {
        "type": "mcp_list_tools",
        "id": new_id("mcpl_"),
        "server_label": label,
        "tools": [_MCP_TOOL],
    }
    approval = next(
        (
            item
            for item in (body["input"] if isinstance(body["input"], list) else ())
            if item["type"] == "mcp_approval_response"
        ),
        None,
    )
    if approval is None and tool.get("require_approval", "always") != "never":
        return [listing, {"type": "mcp_approval_request", "id": new_id("mcpr_"), **call}]
    if approval is not None and not approval["approve"]:
        return []
    done: dict[str, Any] = {
        "type": "mcp_call",
        "id": new_id("mcp_"),
        "status": "completed",
        **call,
        "output": "Hello",
        "error": None,
        "approval_request_id": approval["approval_request_id"] if approval else None,
    }
    return [done] if approval else [listing, done]


_Work = Callable[[dict[str, Any], dict[str, Any], str, Project, int], list[dict[str, Any]]]
_WORK: Final[dict[str, _Work]] = {
    "web_search": _web_search,
    "web_search_preview": _web_search,
    "file_search": _file_search,
    "code_interpreter": _code_interpreter,
    "mcp": _mcp,
}
