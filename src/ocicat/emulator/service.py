"""The emulated OCI as one function from a request to a reply.

Each request goes the same way: read, find the operation, verify the signature, run the operation.
This is the only file that knows which paths there are.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import unquote

from aiohttp import web

from ocicat.dialects.dialect import Origin
from ocicat.emulator.answers import ScriptedModel
from ocicat.emulator.backend import Backend, BackendModel
from ocicat.emulator.call import Call
from ocicat.emulator.chats import (
    Chat,
    read_deployed,
    read_native,
    read_openai,
    read_response,
)
from ocicat.emulator.completions import read_completion
from ocicat.emulator.containers import CONTAINER_OPERATIONS
from ocicat.emulator.conversations import CONVERSATION_OPERATIONS
from ocicat.emulator.delivery import Source, deliver, hang_up, misbehave, refuse_fields
from ocicat.emulator.deployments import embed_deployed, list_deployed
from ocicat.emulator.discovery import discover_models
from ocicat.emulator.embeddings import embed_text
from ocicat.emulator.endpoints import get_endpoint, list_endpoints
from ocicat.emulator.files import FILE_OPERATIONS
from ocicat.emulator.google import GENERATE_CONTENT, read_google
from ocicat.emulator.guardrails import apply_guardrails, list_guardrail_versions
from ocicat.emulator.identity.admission import admit_bearer, authenticate, authorize
from ocicat.emulator.identity.operations import IDENTITY_OPERATIONS, IdentityOperation
from ocicat.emulator.identity.plane import IdentityPlane
from ocicat.emulator.ledger import Ledger, Received
from ocicat.emulator.models import get_model, list_models
from ocicat.emulator.objects import SURFACE, Memory, ObjectOperation, Visit, check_project
from ocicat.emulator.refusals import Refused, refusal
from ocicat.emulator.rerank import rerank_text
from ocicat.emulator.responses_state import RESPONSE_OPERATIONS
from ocicat.emulator.script import Behaviour, Script
from ocicat.emulator.streams import StreamStyle
from ocicat.emulator.tenancy import Tenancy
from ocicat.emulator.vector_stores import STORE_OPERATIONS
from ocicat.routing.regions import regions

__all__ = ["MAX_BODY_BYTES", "Service"]

#: Larger bodies are refused with 413.
MAX_BODY_BYTES: Final = 32 * 1024 * 1024

#: What the paths of a model deployment of OCI Data Science begin with.
_PREDICT: Final = r"/ocid1\.datasciencemodeldeployment\.[^/]+/(predict|predictWithResponseStream)"

_log = logging.getLogger("ocicat.emulator")

Operation = Callable[[Call], Awaitable[web.StreamResponse]]


class Service:
    """Answers requests. ``observe`` is told of each one: its ledger entry, and milliseconds taken.

    Attributes may be changed between requests.
    """

    def __init__(
        self,
        tenancy: Tenancy,
        script: Script,
        ledger: Ledger,
        identity: IdentityPlane,
        *,
        streams: StreamStyle,
        backend: Backend | None,
        observe: Callable[[Received, float], None] | None,
    ) -> None:
        self.tenancy = tenancy
        self.script = script
        self.ledger = ledger
        self.identity = identity
        self.streams = streams
        self.backend = backend
        #: The ``keyId`` of the emulator's own throwaway identity.
        self.key_id = ""
        #: Seconds by which the emulator's clock is ahead of the true time.
        self.clock_offset = 0.0
        self.memory = Memory()
        self._observe = observe
        self._streams_begun = 0
        self._operations: list[tuple[re.Pattern[str], dict[str, Operation]]] = [
            (re.compile(r"/20231130/actions/chat"), {"POST": self._chatting(read_native)}),
            (
                re.compile(r"/(openai/v1|20231130/actions/v1)/chat/completions"),
                {"POST": self._chatting(read_openai, with_api_key=True)},
            ),
            (re.compile(SURFACE + "/responses"), {"POST": self._respond}),
            *self._about_objects(
                *RESPONSE_OPERATIONS,
                *CONVERSATION_OPERATIONS,
                *FILE_OPERATIONS,
                *STORE_OPERATIONS,
                *CONTAINER_OPERATIONS,
            ),
            (GENERATE_CONTENT, {"POST": self._chatting(read_google, with_api_key=True)}),
            (re.compile(_PREDICT), {"POST": self._predict}),
            (
                re.compile(_PREDICT + "/v1/chat/completions"),
                {"POST": self._chatting(read_deployed)},
            ),
            (re.compile(_PREDICT + "/v1/completions"), {"POST": self._chatting(read_completion)}),
            (re.compile(_PREDICT + "/v1/embeddings"), {"POST": self._signed(embed_deployed)}),
            (re.compile(_PREDICT + "/v1/models"), {"GET": self._signed(list_deployed)}),
            (re.compile(r"/20231130/actions/embedText"), {"POST": self._signed(embed_text)}),
            (re.compile(r"/20231130/actions/rerankText"), {"POST": self._signed(rerank_text)}),
            (
                re.compile(r"/20231130/actions/applyGuardrails"),
                {"POST": self._signed(apply_guardrails)},
            ),
            (
                re.compile(r"/20231130/guardrailVersions"),
                {"GET": self._signed(list_guardrail_versions)},
            ),
            (re.compile(r"/20231130/models"), {"GET": self._signed(list_models)}),
            (re.compile(r"/20231130/models/[^/]+"), {"GET": self._signed(get_model)}),
            (re.compile(r"/20231130/endpoints"), {"GET": self._signed(list_endpoints)}),
            (re.compile(r"/20231130/endpoints/[^/]+"), {"GET": self._signed(get_endpoint)}),
            (re.compile(r"/20231130/modelDiscovery"), {"GET": self._signed(discover_models)}),
            (re.compile(r"/20160918/regions"), {"GET": self._list_regions}),
            *(
                (operation.path, {operation.method: self._of_identity(operation)})
                for operation in IDENTITY_OPERATIONS
            ),
        ]

    def now(self) -> float:
        """The emulator's time, in seconds since the epoch."""
        return time.time() + self.clock_offset

    async def handle(self, http: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        began = time.monotonic()
        call = self._call(http)
        try:
            return await self._answer(call)
        finally:
            if self._observe is not None and call.received is not None:
                self._observe(call.received, (time.monotonic() - began) * 1000)

    def refuse_malformed(self, http: web.BaseRequest, status: int, problem: str) -> web.Response:
        """The reply to bytes that are no HTTP request."""
        call = self._call(http)
        response = call.refuse(
            refusal(status, "The request is malformed.", problem, code="CannotParseRequest")
        )
        response.force_close()
        if self._observe is not None and call.received is not None:
            self._observe(call.received, 0.0)
        return response

    def _call(self, http: web.BaseRequest) -> Call:
        return Call(http, self.ledger, trusted_key_id=self.key_id, clock=self.now)

    async def _answer(self, call: Call) -> web.StreamResponse:
        try:
            await self._read_body(call)
            return await self._find(call)(call)
        except Refused as refused:
            response = call.refuse(refused)
            if refused.status == 413:
                response.force_close()
            return response
        except (ConnectionError, asyncio.CancelledError):
            raise
        except Exception as bug:
            _log.exception("%s %s failed in the emulator", call.method, call.target)
            if call.received is not None:
                return hang_up(call)
            reason = f"the emulator failed: {type(bug).__name__}: {bug}"
            return call.refuse(
                refusal(500, "Internal Server Error", reason, code="InternalServerError")
            )

    async def _read_body(self, call: Call) -> None:
        declared = call.headers.get("content-length", "0")
        if declared.isdecimal() and int(declared) > MAX_BODY_BYTES:
            raise _too_large()
        if call.headers.get("expect", "").lower() == "100-continue":
            await call.http.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            call.http.writer.output_size = 0
        try:
            call.take_body(await call.http.read())
        except web.HTTPRequestEntityTooLarge:
            raise _too_large() from None

    def _find(self, call: Call) -> Operation:
        for pattern, methods in self._operations:
            if not pattern.fullmatch(call.path):
                continue
            operation = methods.get(call.method)
            if operation is None:
                refused = refusal(
                    405,
                    "The method is not allowed.",
                    f"{call.path} takes {', '.join(methods)}, not {call.method}",
                    code="MethodNotAllowed",
                )
                refused.headers["allow"] = ", ".join(methods)
                raise refused
            return operation
        raise refusal(
            404,
            "Authorization failed or requested resource not found.",
            f"the emulator has no operation at {call.path}",
            code="NotAuthorizedOrNotFound",
        )

    def _of_identity(self, operation: IdentityOperation) -> Operation:
        async def answer(call: Call) -> web.StreamResponse:
            behaviour = self.identity.behaviour(call.path)
            scripted = await misbehave(call, behaviour)
            if scripted is not None:
                return scripted
            await asyncio.sleep(sum(stall.seconds for stall in behaviour.stalls))
            if operation.signed:
                authenticate(call, self.identity)
            # It may have to make a key, for which the loop must not stand still.
            return await asyncio.to_thread(operation.answer, call, self.identity)

        return answer

    def _admit(self, call: Call) -> None:
        authenticate(call, self.identity)
        authorize(call, self.identity)

    def _about_objects(
        self, *operations: ObjectOperation
    ) -> list[tuple[re.Pattern[str], dict[str, Operation]]]:
        """The operations on what a project keeps, those of one path together."""
        by_path: dict[re.Pattern[str], dict[str, Operation]] = {}
        for operation in operations:
            by_path.setdefault(operation.path, {})[operation.method] = self._visiting(operation)
        return list(by_path.items())

    def _visiting(self, operation: ObjectOperation) -> Operation:
        async def admit_and_answer(call: Call) -> web.StreamResponse:
            self._admit_any(call)
            project = self.memory.of(check_project(call, self.tenancy))
            match = operation.path.fullmatch(call.path)
            ids = tuple(map(unquote, match.groups())) if match else ()
            return operation.answer(Visit(call, self.tenancy, project, ids, int(self.now())))

        return admit_and_answer

    async def _respond(self, call: Call) -> web.StreamResponse:
        self._admit_any(call)
        project = self.memory.of(check_project(call, self.tenancy))
        return await self._chat(call, read_response(call, self.tenancy, project, int(self.now())))

    def _admit_any(self, call: Call) -> None:
        """Let in who signs, and who has an API key."""
        if not admit_bearer(call, self.identity):
            self._admit(call)

    def _chatting(
        self, read: Callable[[Call, Tenancy], Chat], *, with_api_key: bool = False
    ) -> Operation:
        async def admit_and_answer(call: Call) -> web.StreamResponse:
            if with_api_key:
                self._admit_any(call)
            else:
                self._admit(call)
            return await self._chat(call, read(call, self.tenancy))

        return admit_and_answer

    async def _predict(self, call: Call) -> web.StreamResponse:
        """What a deployment takes where its path does not say: a chat, or texts to embed."""
        embeds = isinstance(call.json, dict) and "input" in call.json
        predict = self._signed(embed_deployed) if embeds else self._chatting(read_deployed)
        return await predict(call)

    async def _chat(self, call: Call, chat: Chat) -> web.StreamResponse:
        call.chat = chat.request
        behaviour = self.script.choose(chat.request)
        self._streams_begun += 1
        return await deliver(
            call,
            chat,
            behaviour,
            self._source(call, chat, behaviour),
            self.streams,
            self.streams.dice(self._streams_begun),
        )

    def _source(self, call: Call, chat: Chat, behaviour: Behaviour) -> Source:
        origin = Origin(chat.request["model"], call.opc_request_id, int(self.now()))
        if self.backend is not None and behaviour.answer is None:
            return BackendModel(self.backend, chat.request, origin)
        return ScriptedModel(
            chat.request,
            behaviour.answer,
            chat.served.facts,
            chat.api_format,
            origin.reply_id,
            origin.received,
        )

    def _signed(self, answer: Callable[[Call, Tenancy], web.StreamResponse]) -> Operation:
        async def admit_and_answer(call: Call) -> web.StreamResponse:
            self._admit(call)
            behaviour = self.script.choose_at(call.path)
            scripted = await misbehave(call, behaviour)
            if scripted is not None:
                return scripted
            await asyncio.sleep(sum(stall.seconds for stall in behaviour.stalls))
            refuse_fields(call, behaviour)
            return answer(call, self.tenancy)

        return admit_and_answer

    async def _list_regions(self, call: Call) -> web.StreamResponse:
        """What ``oci session validate`` and others call to see whether they are let in."""
        self._admit(call)
        call.record(200)
        return call.json_reply(
            [{"key": region.code.upper(), "name": region.id} for region in regions()]
        )


def _too_large() -> Refused:
    return refusal(
        413,
        "The request is too large.",
        f"the body has more than {MAX_BODY_BYTES} bytes, the emulator's limit",
        code="RequestEntityTooLarge",
    )
