"""Starting, stopping and running the emulator."""

from __future__ import annotations

import gc
import socket
import threading
import time
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from ocicat.emulator import Emulator, Home, Received
from ocicat.errors import InvalidSetting
from support.emulator_client import ask, chat_body, connected, request_bytes

CHAT = "/20231130/actions/chat"


@pytest.fixture
def home(tmp_path: Path, emulator_key: bytes) -> Home:
    return Home(tmp_path / "home", key_pem=emulator_key)


def test_nothing_is_known_before_the_start() -> None:
    stopped = Emulator()
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = stopped.url
    with pytest.raises(RuntimeError, match="has not been started"):
        _ = stopped.home
    stopped.stop()


def test_it_takes_the_port_it_is_given(home: Home) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with Emulator(home, port=port) as running:
        assert running.url == f"http://127.0.0.1:{port}"
        assert f"endpoint={running.url}\n" in home.config_file.read_text()
        with pytest.raises(InvalidSetting, match="cannot listen"):
            Emulator(home, port=port).start()


def test_it_can_be_stopped_and_started_again(home: Home) -> None:
    emulator = Emulator(home)
    for _ in range(2):
        emulator.start()
        assert ask(emulator, "POST", CHAT, chat_body(emulator)).status == 200
        with pytest.raises(RuntimeError, match="running already"):
            emulator.start()
        emulator.stop()
        with pytest.raises(ConnectionRefusedError), connected(emulator):
            pass
    emulator.stop()
    assert len(emulator.ledger) == 2


def test_a_temporary_home_goes_away_at_the_end() -> None:
    with Emulator() as emulator:
        path = emulator.home.path
        assert path.is_dir()
        assert ask(emulator, "POST", CHAT, chat_body(emulator)).status == 200
    assert not path.exists()


def test_stopping_loses_no_connection_that_is_being_made(home: Home) -> None:
    """What is lost is found by the garbage collector, whose warning fails this test."""

    def connect(port: int, stopped: threading.Event) -> None:
        while not stopped.is_set():
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                pass

    for _ in range(5):
        stopped = threading.Event()
        with Emulator(home) as oci:
            port = urlsplit(oci.url).port
            assert port is not None
            threads = [threading.Thread(target=connect, args=(port, stopped)) for _ in range(3)]
            for thread in threads:
                thread.start()
        stopped.set()
        for thread in threads:
            thread.join()
    gc.collect()


def test_stopping_ends_answers_that_wait(home: Home) -> None:
    with Emulator(home) as emulator:
        emulator.when().stall(600)
        with connected(emulator) as connection:
            connection.sendall(request_bytes(emulator, chat_body(emulator)))
            while not emulator.ledger:
                time.sleep(0.005)
            emulator.stop()
            assert connection.recv(1) == b""


def test_a_stranger_in_the_home_leaves_no_open_socket(tmp_path: Path) -> None:
    (tmp_path / "config").write_text("[DEFAULT]\n")
    with pytest.raises(InvalidSetting, match="did not write it"):
        Emulator(tmp_path).start()


def test_each_request_is_observed_once_it_is_answered(home: Home) -> None:
    seen: list[tuple[Received, float]] = []
    told = threading.Event()

    def observe(received: Received, milliseconds: float) -> None:
        seen.append((received, milliseconds))
        told.set()

    with Emulator(home, observe=observe) as emulator:
        ask(emulator, "POST", CHAT, chat_body(emulator))
        assert told.wait(10)
        assert [entry for entry, _ in seen] == list(emulator.ledger)
    assert seen[0][1] > 0


def test_rules_can_come_from_a_file(home: Home, tmp_path: Path) -> None:
    rules = tmp_path / "rules.toml"
    rules.write_text("[[rule]]\nfail = { status = 503 }\n")
    with Emulator(home, rules=rules) as emulator:
        assert ask(emulator, "POST", CHAT, chat_body(emulator)).status == 503


def test_many_threads_may_ask_at_once(emulator: Emulator) -> None:
    statuses: list[int] = []

    def work() -> None:
        for _ in range(5):
            statuses.append(ask(emulator, "POST", CHAT, chat_body(emulator)).status)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert statuses == [200] * 40
    assert len(emulator.ledger) == 40
