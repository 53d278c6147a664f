"""CLI sessions: the files they live in, and how they are kept alive."""

from __future__ import annotations

import asyncio
import logging
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocicat.auth.session import SessionResolver
from ocicat.emulator import Emulator
from ocicat.errors import (
    APIConnectionError,
    AuthenticationError,
    InternalServerError,
    InvalidKey,
    InvalidSetting,
    MalformedReply,
    OcicatError,
    WrongPassphrase,
)
from ocicat.transport import aio, sync
from ocicat.transport.ambient import SYSTEM
from ocicat.vocabulary.flow import Flow, Request, Response
from support.flows import Stopped
from support.principals import call_models, drive, jwt, key, pem
from support.sessions import REFRESH, SessionFiles, SessionService, answer

URL = "https://auth.us-chicago-1.oraclecloud.com"


class Session:
    """A session, its service, a stopped clock and a resolver."""

    def __init__(self, directory: Path) -> None:
        self.clock = Stopped()
        self.service = SessionService(self.clock.now)
        self.service.lifetime = 3600.0
        self.files = SessionFiles(directory, self.service)
        self.resolver = self.resolver_for()

    def resolver_for(self, **options: Any) -> SessionResolver:
        chosen = {
            "token_file": self.files.token_file,
            "key_file": self.files.key_file,
            "auth_url": URL,
            "profile": "WORK",
            **options,
        }
        return SessionResolver(**chosen)

    def drive(self, refused: Any = None) -> Any:
        return drive(self.resolver.resolve(self.clock, refused), self.service.answer, self.clock)

    def identity(self, refused: Any = None) -> Any:
        driven = self.drive(refused)
        assert driven.error is None, driven.error
        return driven.result

    def token_of(self, identity: Any) -> str:
        """What the identity signs with, as the far side sees it."""
        request = Request("GET", "https", "h", "/x", {"host": "h"})
        identity.authorize(request, self.clock.now())
        _, _, rest = request.headers["authorization"].partition('keyId="ST$')
        return rest.partition('"')[0]

    @property
    def token(self) -> str:
        return self.token_of(self.identity())


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path)


# --- files ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "  \n\n"])
def test_the_token_in_the_file_is_used_without_the_space_around_it(
    session: Session, end: str
) -> None:
    token = session.files.renew(end=end)
    assert session.token == token
    assert session.service.requests == []


def test_paths_begin_at_home_where_they_say_so(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    session.resolver = session.resolver_for(token_file="~/token", key_file="~/oci_api_key.pem")
    assert session.token == session.files.token


def test_a_key_with_a_pass_phrase_is_usable(session: Session) -> None:
    session.files.key_file.write_text(pem(key("session"), "open sesame"))
    session.resolver = session.resolver_for(passphrase="open sesame")
    driven = session.drive()
    assert driven.joins == 1, "reading it takes long, and happens in the background"
    assert session.token_of(driven.result) == session.files.token


@pytest.mark.parametrize("passphrase", [None, "wrong"])
def test_a_wrong_pass_phrase_is_said(session: Session, passphrase: str | None) -> None:
    session.files.key_file.write_text(pem(key("session"), "open sesame"))
    session.resolver = session.resolver_for(passphrase=passphrase)
    error = session.drive().error
    assert isinstance(error, WrongPassphrase)
    assert "open sesame" not in str(error)


def test_the_identity_stays_the_same_while_nothing_changes(session: Session) -> None:
    assert session.identity() is session.identity()


def test_a_token_that_appears_in_the_file_is_used_at_once(session: Session) -> None:
    before = session.token
    newer = session.files.renew()
    assert session.token == newer != before
    assert session.service.requests == []


def test_a_key_that_changes_is_read_again(session: Session) -> None:
    session.identity()
    session.files.key_file.write_text(pem(key("another session")))
    session.files.renew("another session")
    flow = call_models(session.resolver, "h", session.clock)
    assert drive(flow, session.service.answer, session.clock).result.status == 200


@pytest.mark.parametrize("content", [None, "", "two words", 'a"b', "\x00", b"\xff\xfe"])
def test_a_damaged_token_file_does_not_end_a_session_that_lives(
    session: Session, content: str | bytes | None
) -> None:
    before = session.identity()
    if content is None:
        session.files.token_file.unlink()
    else:
        session.files.write(content)
    assert session.identity() is before
    newer = session.files.renew()
    assert session.token == newer


@pytest.mark.parametrize(
    ("content", "said"), [(None, "does not exist"), ("\n", "is empty"), ("a b", "holds no token")]
)
def test_a_session_without_a_token_says_so(
    session: Session, content: str | None, said: str
) -> None:
    if content is None:
        session.files.token_file.unlink()
    else:
        session.files.write(content)
    error = session.drive().error
    assert isinstance(error, InvalidSetting)
    assert error.setting == "security_token_file"
    assert said in error.message
    assert "ocicat login --profile WORK" in error.hint


def test_a_session_without_a_key_says_so(session: Session) -> None:
    session.files.key_file.unlink()
    assert isinstance(session.drive().error, InvalidKey)


def test_a_session_that_was_logged_out_is_not_written_again(session: Session) -> None:
    before = session.identity()
    session.files.token_file.unlink()
    for _ in range(5):
        session.clock.time += 700
        assert session.identity() is before
    assert session.service.requests == []
    assert not session.files.token_file.exists()


# --- refreshing -----------------------------------------------------------------------------------


def test_the_token_is_refreshed_before_it_ends_and_written_back(session: Session) -> None:
    before = session.token
    session.clock.time += 3590
    after = session.token
    assert after != before
    [request] = session.service.requests
    assert request.method == "POST"
    assert request.url == f"{URL}{REFRESH}"
    assert request.headers["content-type"] == "application/json"
    assert msgspec.json.decode(request.body) == {"currentToken": before}
    assert f'keyId="ST${before}"' in request.headers["authorization"]
    assert session.files.token_file.read_text() == after
    assert stat.S_IMODE(session.files.token_file.stat().st_mode) == 0o600
    assert sorted(path.name for path in session.files.token_file.parent.iterdir()) == [
        "oci_api_key.pem",
        "token",
    ]
    assert session.token == after, "its own writing is not news"
    assert len(session.service.requests) == 1


def test_a_link_stays_a_link(session: Session, tmp_path: Path) -> None:
    link = tmp_path / "link"
    link.symlink_to(session.files.token_file)
    session.resolver = session.resolver_for(token_file=link)
    session.identity()
    session.clock.time += 3590
    assert session.token == session.files.token_file.read_text()
    assert link.is_symlink()


def test_a_token_that_another_process_has_refreshed_is_taken(session: Session) -> None:
    session.identity()
    session.clock.time += 3590
    theirs = session.files.renew()
    assert session.token == theirs
    assert session.service.requests == []


def test_a_token_written_while_ours_was_on_its_way_is_kept(session: Session) -> None:
    session.identity()
    session.clock.time += 3590
    theirs: list[str] = []

    def answer_late(request: Request) -> Any:
        answered = session.service.answer(request)
        theirs.append(session.files.renew(end=""))
        return answered

    driven = drive(session.resolver.resolve(session.clock), answer_late, session.clock)
    assert session.token_of(driven.result) == theirs[0]
    assert session.files.token_file.read_text() == theirs[0]


def test_a_refusal_is_no_matter_when_somebody_else_has_refreshed(session: Session) -> None:
    first = session.identity()
    theirs: list[str] = []

    def answer_late(request: Request) -> Any:
        theirs.append(session.files.renew(end=""))
        return answer({"code": "NotAuthenticated", "message": "no"}, 401)

    driven = drive(session.resolver.resolve(session.clock, first), answer_late, session.clock)
    assert session.token_of(driven.result) == theirs[0]


def test_a_token_about_to_end_is_refreshed_before_its_first_use(session: Session) -> None:
    session.clock.time += 3550
    assert session.token != session.files.token
    assert session.service.refreshes == 1


def test_a_token_about_to_end_is_used_where_it_cannot_be_refreshed(session: Session) -> None:
    session.clock.time += 3550
    session.service.over = True
    assert session.token == session.files.token


@pytest.mark.parametrize(
    "wrong",
    [
        answer({"code": "InternalServerError", "message": "x"}, 500),
        answer({"code": "NotAuthenticated", "message": "x"}, 401),
        Response(200, {}, b"<html>"),
        Response(200, {}, b"[]"),
        Response(200, {}, b'{"token": 5}'),
        Response(200, {}, b'{"token": "a b"}'),
        APIConnectionError("gone"),
    ],
)
def test_a_refresh_that_fails_leaves_a_token_that_still_lives(session: Session, wrong: Any) -> None:
    before = session.identity()
    written = session.files.token_file.read_bytes()
    session.clock.time += 3570
    session.service.wrong[REFRESH] = [wrong] * 4
    assert session.identity() is before
    assert session.files.token_file.read_bytes() == written


def test_a_failed_refresh_is_tried_again_later(session: Session) -> None:
    before = session.identity()
    session.clock.time += 3560
    session.service.wrong[REFRESH] = [APIConnectionError("gone")] * 4
    assert session.identity() is before
    session.clock.time += 20
    assert session.identity() is not before


def test_a_session_that_is_over_is_asked_for_once_and_used_to_its_end(session: Session) -> None:
    before = session.identity()
    session.clock.time += 3560
    session.service.over = True
    for _ in range(7):
        assert session.identity() is before
        session.clock.time += 5
    assert len(session.service.requests) == 1
    session.clock.time += 10
    error = session.drive().error
    assert isinstance(error, InvalidSetting)
    assert "has ended" in error.message
    assert "ocicat login --profile WORK" in error.hint
    assert len(session.service.requests) == 1


def test_a_refused_token_is_refreshed(session: Session) -> None:
    first = session.identity()
    second = session.identity(refused=first)
    assert session.token_of(second) != session.token_of(first)
    assert session.service.refreshes == 1
    assert session.identity(refused=first) is second, "others come late, and find it done"


def test_a_refused_session_says_to_log_in_again(session: Session) -> None:
    first = session.identity()
    session.service.over = True
    for _ in range(2):
        error = session.drive(refused=first).error
        assert isinstance(error, AuthenticationError)
        assert error.status == 401
        assert "ocicat login --profile WORK" in error.hint
        assert session.files.token not in str(error)
        assert session.files.token not in repr(error.__cause__)
    assert len(session.service.requests) == 1, "asking again would not help"
    session.files.renew()
    assert session.token == session.files.token, "a new log-in does"


def test_a_clock_that_is_wrong_is_said_and_does_not_end_the_session(session: Session) -> None:
    first = session.identity()
    refusal = answer({"code": "NotAuthenticated", "message": "no"}, 401)
    refusal.headers = {**refusal.headers, "date": "Sat, 21 Nov 2020 12:00:00 GMT"}
    session.service.wrong[REFRESH] = [refusal]
    error = session.drive(refused=first).error
    assert isinstance(error, AuthenticationError)
    assert "clock" in error.hint
    assert session.token_of(session.identity(refused=first)) != session.token_of(first)


def test_a_service_that_is_broken_is_not_mistaken_for_the_end(session: Session) -> None:
    first = session.identity()
    session.service.wrong[REFRESH] = [answer({"code": "x", "message": "y"}, 503)] * 9
    assert isinstance(session.drive(refused=first).error, InternalServerError)
    session.service.wrong[REFRESH] = [Response(200, {}, b"{}")]
    assert isinstance(session.drive(refused=first).error, MalformedReply)
    assert session.token_of(session.identity(refused=first)) != session.token_of(first)


def test_an_expired_session_sends_nothing(session: Session) -> None:
    session.clock.time += 3601
    driven = session.drive()
    assert driven.requests == []
    assert isinstance(driven.error, InvalidSetting)
    assert "2026-11-21 13:00:00 UTC" in driven.error.message
    assert "ocicat login --profile WORK" in driven.error.hint


def test_a_token_that_says_nothing_of_its_end_is_used_until_it_is_refused(session: Session) -> None:
    session.service.keys["ST$opaque"] = key("session").public_key()
    session.files.write("opaque")
    session.identity()
    session.clock.time += 1e9
    assert session.token == "opaque"
    second = session.identity(refused=session.identity())
    assert session.token_of(second) != "opaque"


def test_a_token_that_cannot_be_written_is_used_all_the_same(
    session: Session, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    long = tmp_path / ("t" * 250)  # no room for the name of a new file beside it
    long.write_text(session.files.token)
    session.resolver = session.resolver_for(token_file=long)
    session.identity()
    tokens = []
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            session.clock.time += 3590
            tokens.append(session.token)
    assert len(set(tokens)) == 3
    assert long.read_text() == session.files.token
    assert "cannot be written" in caplog.text
    assert not any(token in caplog.text for token in tokens)


def test_refresh_does_it_now(session: Session) -> None:
    driven = drive(session.resolver.refresh(session.clock), session.service.answer, session.clock)
    assert driven.result == session.clock.now() + 3600
    assert session.files.token_file.read_text() != session.files.token
    session.clock.time += 3601
    driven = drive(session.resolver.refresh(session.clock), session.service.answer, session.clock)
    assert isinstance(driven.error, InvalidSetting)


def test_no_secret_is_shown(session: Session) -> None:
    identity = session.identity()
    for shown in (repr(identity), repr(session.resolver), str(vars(session.resolver)["_token"])):
        assert session.files.token not in shown


def test_the_address_of_the_service_has_to_be_one(session: Session) -> None:
    with pytest.raises(InvalidSetting) as caught:
        session.resolver_for(auth_url="https://user:secret@host")
    assert "secret" not in str(caught.value)


# --- whatever is in the files ---------------------------------------------------------------------

anything = settings(
    max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)


@anything
@given(content=st.binary() | st.text().map(str.encode))
def test_any_token_file_gives_an_identity_or_a_typed_error(
    session: Session, content: bytes
) -> None:
    session.files.write(content)
    session.resolver = session.resolver_for()
    driven = session.drive()
    if driven.error is None:
        assert session.token_of(driven.result) == content.decode("utf-8-sig").strip()


CLAIMS = st.dictionaries(
    st.sampled_from(["exp", "iat", "sub", "tenant", "jwk"]),
    st.none()
    | st.booleans()
    | st.integers()
    | st.just(10**400)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.lists(st.integers()),
)


@anything
@given(claims=CLAIMS, later=st.floats(0, 1e10))
def test_any_claims_give_an_identity_or_a_typed_error(
    session: Session, claims: dict[str, Any], later: float
) -> None:
    session.files.write(jwt(**claims))
    session.resolver = session.resolver_for()
    for _ in range(2):
        driven = session.drive()
        assert driven.error is None or isinstance(driven.error, OcicatError)
        session.clock.time += later


@anything
@given(body=st.binary() | CLAIMS.map(lambda claims: msgspec.json.encode({"token": jwt(**claims)})))
def test_any_answer_to_a_refresh_gives_an_identity_or_a_typed_error(
    session: Session, body: bytes
) -> None:
    session.files.renew()
    session.resolver = session.resolver_for()
    first = session.identity()
    session.service.wrong[REFRESH] = [Response(200, {}, body)]
    driven = session.drive(refused=first)
    assert driven.error is None or isinstance(driven.error, OcicatError)


# --- over sockets ---------------------------------------------------------------------------------


def run_async(flow: Flow[Any]) -> Any:
    return asyncio.run(aio.run(flow))


both = pytest.mark.parametrize(
    "run", [pytest.param(sync.run, id="sync"), pytest.param(run_async, id="async")]
)


@pytest.fixture
def service() -> Iterator[SessionService]:
    service = SessionService(time.time)
    service.lifetime = 3600.0
    yield service
    sync.close_idle()


@both
def test_a_session_is_refreshed_over_sockets(
    run: Callable[[Any], Any], service: SessionService, tmp_path: Path
) -> None:
    files = SessionFiles(tmp_path, service)
    with service.served() as server:
        resolver = SessionResolver(
            token_file=files.token_file, key_file=files.key_file, auth_url=server.url
        )
        host = f"127.0.0.1:{server.port}"
        assert run(call_models(resolver, host, SYSTEM)).status == 200
        service.revoke()
        files.service.keys[f"ST${files.token}"] = key("session").public_key()
        service.lifetime = 30.0
        files.renew()  # so short that it is refreshed at half of its life
        service.lifetime = 3600.0
        assert run(call_models(resolver, host, SYSTEM)).status == 200
        assert run(resolver.refresh(SYSTEM)) > time.time() + 3000
        assert run(call_models(resolver, host, SYSTEM)).status == 200
    assert service.refreshes == 1
    assert service.calls == [200, 200, 200]


@both
def test_a_service_that_is_not_there_is_a_typed_error(
    run: Callable[[Any], Any], service: SessionService, tmp_path: Path
) -> None:
    files = SessionFiles(tmp_path, service)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    resolver = SessionResolver(
        token_file=files.token_file, key_file=files.key_file, auth_url=f"http://127.0.0.1:{port}"
    )
    with pytest.raises(APIConnectionError):
        run(resolver.refresh(SYSTEM))


def test_many_threads_and_tasks_refresh_an_expiring_session_once(
    service: SessionService, tmp_path: Path
) -> None:
    files = SessionFiles(tmp_path, service)
    statuses: list[int] = []
    with service.served() as server:
        resolver = SessionResolver(
            token_file=files.token_file, key_file=files.key_file, auth_url=server.url
        )
        host = f"127.0.0.1:{server.port}"
        start = threading.Barrier(25)

        def one() -> Flow[Response]:
            return call_models(resolver, host, SYSTEM)

        def in_thread() -> None:
            start.wait()
            statuses.append(sync.run(one()).status)

        async def tasks() -> None:
            answers = await asyncio.gather(*(aio.run(one()) for _ in range(24)))
            statuses.extend(each.status for each in answers)

        def in_loop() -> None:
            start.wait()
            asyncio.run(tasks())

        sync.run(one())
        service.revoke()  # all of them get a 401
        service.keys[f"ST${files.token}"] = key("session").public_key()
        real = service.answer

        def revoked_for_calls(request: Request) -> Any:
            old = f'keyId="ST${files.token}"' in request.headers.get("authorization", "")
            if old and request.target != REFRESH:
                return answer({"code": "NotAuthenticated", "message": "revoked"}, 401)
            return real(request)

        service.answer = revoked_for_calls  # type: ignore[method-assign]
        threads = [threading.Thread(target=in_thread) for _ in range(24)]
        threads.append(threading.Thread(target=in_loop))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 48
    assert service.refreshes == 1


def test_many_threads_and_tasks_begin_with_a_token_about_to_end_and_refresh_it_once(
    service: SessionService, tmp_path: Path
) -> None:
    files = SessionFiles(tmp_path, service)
    ending = jwt(iat=time.time() - 3570, exp=time.time() + 30)
    service.keys[f"ST${ending}"] = key("session").public_key()
    files.write(ending)
    statuses: list[int] = []
    with service.served() as server:
        resolver = SessionResolver(
            token_file=files.token_file, key_file=files.key_file, auth_url=server.url
        )
        host = f"127.0.0.1:{server.port}"

        def in_thread() -> None:
            statuses.append(sync.run(call_models(resolver, host, SYSTEM)).status)

        async def tasks() -> None:
            calls = (aio.run(call_models(resolver, host, SYSTEM)) for _ in range(24))
            statuses.extend(each.status for each in await asyncio.gather(*calls))

        threads = [threading.Thread(target=in_thread) for _ in range(24)]
        threads.append(threading.Thread(target=lambda: asyncio.run(tasks())))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert statuses == [200] * 48
    assert service.refreshes == 1
    assert files.token_file.read_text() != ending


@both
def test_the_emulator_refreshes_a_session(run: Callable[[Any], Any]) -> None:
    with Emulator() as emulator:
        plane = emulator.identity
        session = plane.session("WORK")
        resolver = SessionResolver(
            token_file=session.token_file, key_file=session.key_file, auth_url=plane.auth_url
        )
        identity = run(resolver.resolve(SYSTEM))
        assert run(resolver.resolve(SYSTEM, refused=identity)) is not identity
        renewed = session.token_file.read_text()
        assert renewed != session.token
        run(resolver.refresh(SYSTEM))
        assert session.token_file.read_text() != renewed
        plane.session_limit = 0.0
        with pytest.raises(AuthenticationError) as caught:
            run(resolver.refresh(SYSTEM))
        assert "ocicat login" in caught.value.hint
    sync.close_idle()
