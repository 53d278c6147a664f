"""The chain: which step wins, what is told of the others, and what is asked only once."""

from __future__ import annotations

import asyncio
import socket
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from ocicat.auth.chain import Attempt, ChainResolver, Step, metadata_answers
from ocicat.errors import APIConnectionError, ConfigurationError, InvalidKey, OcicatError
from ocicat.transport import aio, sync
from ocicat.transport.ambient import SYSTEM
from ocicat.vocabulary.flow import Ambient, Flow, Pause, Request, Response, Timeout
from ocicat.vocabulary.identity import Identity
from support.flows import Stopped, feed
from support.raw_server import RawServer, raw_server, reply


class Somebody:
    renewable = True

    def __init__(self, name: str) -> None:
        self.name = name

    def authorize(self, request: Request, now: float) -> None:
        request.headers["authorization"] = self.name


class Finds:
    """Logs in over the network or in no time, or fails."""

    def __init__(
        self, name: str, *, failure: OcicatError | None = None, pause: float | None = None
    ) -> None:
        self.identity = Somebody(name)
        self.failure = failure
        self.pause = pause
        self.log_ins = 0
        self.refusals: list[Identity | None] = []

    def resolve(self, ambient: Ambient, refused: Identity | None = None) -> Flow[Identity]:
        self.refusals.append(refused)
        self.log_ins += 1
        if self.pause is not None:
            yield Pause(self.pause)
        if self.failure is not None:
            raise self.failure
        yield from ()
        return self.identity


def step(name: str, finds: Finds | None = None, reason: str | None = None) -> Step:
    return Step(name, lambda: reason, lambda: finds or Finds(name))


def test_the_first_applicable_step_wins_and_is_asked_from_then_on() -> None:
    winner, later = Finds("b"), Finds("c")
    chain = ChainResolver(
        [step("a", reason="OCI_A is not set"), step("b", winner), step("c", later)]
    )
    assert chain.attempts == ()
    first = feed(chain.resolve(Stopped()), []).result
    assert first is winner.identity
    assert feed(chain.resolve(Stopped(), refused=first), []).result is first
    assert winner.refusals == [None, first]
    assert later.log_ins == 0
    assert chain.attempts == (
        Attempt("a", "not applicable", "OCI_A is not set"),
        Attempt("b", "chosen"),
    )


def test_a_step_that_cannot_log_in_is_passed_over() -> None:
    broken = Finds("a", failure=APIConnectionError("auth refuses connections."))

    def unmakeable() -> Finds:
        raise InvalidKey("The key is damaged.")

    chain = ChainResolver([step("a", broken), Step("b", lambda: None, unmakeable), step("c")])
    assert feed(chain.resolve(Stopped()), []).result.name == "c"
    assert [(each.name, each.outcome) for each in chain.attempts] == [
        ("a", "failed"),
        ("b", "failed"),
        ("c", "chosen"),
    ]
    assert chain.attempts[1].reason == "The key is damaged."


def test_when_all_fail_one_error_tells_of_each() -> None:
    failure = InvalidKey("The key is damaged.", hint="Make a new one.")
    chain = ChainResolver(
        [
            step("environment", reason="OCI_USER is not set"),
            step("profile", Finds("p", failure=failure)),
        ]
    )
    error = feed(chain.resolve(Stopped()), []).error
    assert type(error) is ConfigurationError
    assert error.__cause__ is failure
    for part in (
        "environment (not applicable): OCI_USER is not set",
        "profile (failed)",
        "damaged",
    ):
        assert part in str(error)
    assert "ocicat login" in error.hint
    assert len(chain.attempts) == 2


def test_after_a_failure_the_next_call_searches_again() -> None:
    finds = Finds("a", failure=APIConnectionError("gone"))
    chain = ChainResolver([step("a", finds)])
    assert isinstance(feed(chain.resolve(Stopped()), []).error, ConfigurationError)
    finds.failure = None
    assert feed(chain.resolve(Stopped()), []).result is finds.identity


def test_a_chain_of_nothing_says_so() -> None:
    error = feed(ChainResolver([]).resolve(Stopped()), []).error
    assert "nothing" in str(error)


def test_what_the_chosen_one_raises_later_is_not_hidden() -> None:
    finds = Finds("a")
    chain = ChainResolver([step("a", finds), step("b")])
    feed(chain.resolve(Stopped()), [])
    finds.failure = InvalidKey("gone bad")
    assert feed(chain.resolve(Stopped()), []).error is finds.failure


def test_a_probe_is_asked_only_where_the_step_is_applicable() -> None:
    asked: list[str] = []

    def probe(ambient: Ambient) -> Flow[str | None]:
        asked.append("probe")
        yield Pause(0.0)
        return "nobody is there"

    chain = ChainResolver(
        [
            Step("a", lambda: "not here", lambda: Finds("a"), probe),
            Step("b", lambda: None, lambda: Finds("b"), probe),
            step("c"),
        ]
    )
    assert feed(chain.resolve(Stopped()), []).result.name == "c"
    assert asked == ["probe"]
    assert chain.attempts[1] == Attempt("b", "not applicable", "nobody is there")


def test_a_search_that_is_given_up_lets_the_next_one_begin() -> None:
    finds = Finds("a", pause=1.0)
    chain = ChainResolver([step("a", finds)])
    flow = chain.resolve(Stopped())
    assert isinstance(next(flow), Pause)
    flow.close()
    assert feed(chain.resolve(Stopped()), []).result is finds.identity
    assert finds.log_ins == 2


def test_many_threads_and_tasks_search_once() -> None:
    finds = Finds("a", pause=0.05)
    found: list[Any] = []
    searched: list[int] = []

    def make() -> Finds:
        searched.append(1)
        return finds

    chain = ChainResolver([Step("a", lambda: None, make)])

    def in_thread() -> None:
        found.append(sync.run(chain.resolve(SYSTEM)))

    async def tasks() -> None:
        found.extend(await asyncio.gather(*(aio.run(chain.resolve(SYSTEM)) for _ in range(20))))

    threads = [threading.Thread(target=in_thread) for _ in range(20)]
    threads.append(threading.Thread(target=lambda: asyncio.run(tasks())))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 40
    assert set(found) == {finds.identity}
    assert searched == [1]


# --- the metadata service -------------------------------------------------------------------------


def base_url() -> str:
    """One that nobody has asked before."""
    return f"http://metadata-{uuid.uuid4().hex}/opc/v2"


def test_the_metadata_service_is_asked_directly_and_as_it_wants() -> None:
    base = base_url()
    fed = feed(metadata_answers(Stopped(), base), [Response(200, {}, b"iad")])
    [request] = fed.requests
    assert fed.result is None
    assert request.url == f"{base}/instance/region"
    assert request.direct
    assert request.timeout == Timeout(1.0, 1.0)
    assert request.headers["authorization"] == "Bearer Oracle"


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (APIConnectionError("it refuses connections."), "it refuses connections."),
        (Response(404, {}, b""), "404"),
    ],
)
def test_what_the_probe_found_is_remembered_for_the_process(answer: Any, said: str) -> None:
    base = base_url()
    assert said in feed(metadata_answers(Stopped(), base), [answer]).result
    again = feed(metadata_answers(Stopped(), base), [])
    assert said in again.result
    assert again.requests == []


@pytest.mark.parametrize("run", [sync.run, lambda flow: asyncio.run(aio.run(flow))])
def test_the_probe_works_over_sockets(run: Callable[[Any], Any]) -> None:
    def handle(server: RawServer, connection: socket.socket, request: bytes) -> bool:
        connection.sendall(reply(b"iad", content_type="text/plain"))
        return True

    with raw_server(handle) as server:
        base = f"{server.url}/opc/v2"
        assert run(metadata_answers(SYSTEM, base)) is None
        assert run(metadata_answers(SYSTEM, base)) is None
        [request] = server.requests
    assert request.startswith(b"GET /opc/v2/instance/region HTTP/1.1\r\n")


@pytest.mark.parametrize("run", [sync.run, lambda flow: asyncio.run(aio.run(flow))])
def test_a_machine_without_metadata_service_is_told_from_an_instance(
    run: Callable[[Any], Any],
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    reason = run(metadata_answers(SYSTEM, f"http://127.0.0.1:{port}/opc/v2"))
    assert reason is not None
    assert "no OCI instance" in reason
