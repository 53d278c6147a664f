"""The bench's surroundings: fake server, throw-away identity, cores, and processes to measure.

Everything is made anew for a run and gone after it. No process sees the caller's OCI settings,
proxies or home directory.
"""

from __future__ import annotations

import hashlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from bench.contestants.contract import Contestant
from bench.fake_server import MODEL, STREAMED_CHARACTERS, WHOLE_TEXT
from bench.measure import Window, calibrate

__all__ = ["Failed", "Lab", "Worker"]

_ROOT = Path(__file__).resolve().parent.parent
#: Seconds that a worker may take for one window, its start and its warm-up.
_PATIENCE = 90.0
_MESSAGES = [
    {"role": "system", "content": "You are a helpful assistant. Answer in one sentence."},
    {
        "role": "user",
        "content": "I am writing a short note on the sea for a school paper. Explain to a child of "
        "ten, in plain words and without formulas, what makes the tides come and go twice a day.",
    },
]


class Failed(Exception):
    """A contestant did not do what it was asked; the message goes into its row."""


class Lab:
    """A context: while it is open, the server runs and processes can be measured."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_setaffinity") else []
        self.client_core, self.server_core = (cores[-1], cores[0]) if len(cores) > 1 else (-1, -1)

    @property
    def pinned(self) -> bool:
        """Whether server and clients have a core each."""
        return self.client_core >= 0

    def __enter__(self) -> Self:
        with self._stack as stack:
            self._directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            self._make_identity()
            self._start_server()
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stack.close()

    def _make_identity(self) -> None:
        key = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        der = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        key_file = self._directory / "key.pem"
        key_file.write_text(pem)
        key_file.chmod(0o600)
        identity = {
            "tenancy": "ocid1.tenancy.oc1..aaaaaaaabenchtenancy",
            "user": "ocid1.user.oc1..aaaaaaaabenchuser",
            "fingerprint": hashlib.md5(der).digest().hex(":"),
            "region": "us-chicago-1",
        }
        config_file = self._directory / "config"
        lines = [f"{name}={value}" for name, value in identity.items()]
        config_file.write_text("\n".join(["[DEFAULT]", *lines, f"key_file={key_file}", ""]))
        config_file.chmod(0o600)
        self._settings = {
            **identity,
            "compartment": "ocid1.compartment.oc1..aaaaaaaabenchcompartment",
            "key_pem": pem,
            "config_file": str(config_file),
            "model": MODEL,
            "messages": _MESSAGES,
        }

    def _start_server(self) -> None:
        # Without a core of its own the server must not spin between writes.
        arguments = [] if self.pinned else ["--spacing", "0"]
        server = subprocess.Popen(
            [sys.executable, "-m", "bench.fake_server", *arguments],
            cwd=_ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._stack.callback(_stop, server)
        assert server.stdout is not None
        ports = json.loads(server.stdout.readline())
        self.urls = {name: f"http://127.0.0.1:{port}" for name, port in ports.items()}
        if self.pinned:
            os.sched_setaffinity(server.pid, {self.server_core})
            before = os.sched_getaffinity(0)
            self._stack.callback(os.sched_setaffinity, 0, before)
            os.sched_setaffinity(0, {self.client_core})

    def environment(self, contestant: Contestant) -> dict[str, str]:
        """Variables for a contestant's processes: none that leads to a proxy or an account."""
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.upper().endswith("_PROXY")
            and not name.startswith(("OCI_", "OCICAT_", "OPENAI_", "LITELLM_"))
        }
        kept["HOME"] = str(self._directory)
        return kept | dict(contestant.environment)

    def worker(self, contestant: Contestant) -> Worker:
        """Start a contestant's process, to be stopped by its ``close``."""
        setup = {
            "contestant": contestant.key,
            "urls": self.urls,
            "settings": self._settings,
            "text": WHOLE_TEXT,
            "characters": STREAMED_CHARACTERS,
        }
        log = self._directory / f"{contestant.key}.log"
        return Worker("bench.worker", setup, self.environment(contestant), log)

    def dialect_worker(self, contestant: Contestant) -> Worker:
        """Start the process of a contestant that sends nothing, to be stopped by its ``close``."""
        log = self._directory / f"{contestant.key}-dialects.log"
        setup = {"contestant": contestant.key}
        return Worker("bench.dialect_worker", setup, self.environment(contestant), log)

    def cold(self, contestant: Contestant, source: str) -> Window:
        """Run ``source`` in a fresh interpreter and measure the whole process.

        Raises :class:`Failed` where the process does not end well.
        """
        known = {**self._settings, "base_url": self.urls["grouped"], "expected": WHOLE_TEXT}
        command = [sys.executable, "-c", f"s = {known!r}\n{source}" if source else "pass"]
        with tempfile.TemporaryFile() as errors:
            before = calibrate()
            started = time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=self._directory,
                env=self.environment(contestant),
                stdin=subprocess.DEVNULL,
                stdout=errors,
                stderr=errors,
            )
            _, status, usage = os.wait4(process.pid, 0)
            wall = time.perf_counter() - started
            process.returncode = os.waitstatus_to_exitcode(status)
            after = calibrate()
            if process.returncode:
                raise Failed(_last_line(errors) or f"exit status {process.returncode}")
        cpu, peak = usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024  # Linux counts in KiB
        return Window(1, cpu, wall, (before + after) / 2, peak)


class Worker:
    """One contestant's process, seen from the parent."""

    def __init__(
        self, module: str, setup: dict[str, Any], environment: dict[str, str], log: Path
    ) -> None:
        self._errors = log.open("w+b")
        self._process = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=_ROOT,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
        )
        self._answers: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._listen, daemon=True).start()
        self._say(setup)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._answers.put(line)
        self._answers.put("")

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        # Where nobody listens any more, the silence that follows is reported by ``window``.
        with suppress(BrokenPipeError):
            print(json.dumps(message), file=self._process.stdin, flush=True)

    def window(self, order: dict[str, Any]) -> Window:
        """Have one window run. Raises :class:`Failed`."""
        answer = self.ask(order)
        del answer["cost"]
        return Window(**answer)

    def ask(self, order: dict[str, Any]) -> dict[str, Any]:
        """Have an order carried out. Raises :class:`Failed`."""
        self._say(order)
        try:
            line = self._answers.get(timeout=_PATIENCE)
        except queue.Empty:
            self._process.kill()
            raise Failed(f"no answer in {_PATIENCE:.0f} s") from None
        if not line:
            raise Failed(_last_line(self._errors) or "the process died")
        answer: dict[str, Any] = json.loads(line)
        if "error" in answer:
            raise Failed(answer["error"])
        return answer

    def close(self) -> None:
        _stop(self._process)
        self._errors.close()


def _stop(process: subprocess.Popen[str]) -> None:
    """End a process that we started; both of ours stop by themselves once nobody talks to them."""
    assert process.stdin is not None
    assert process.stdout is not None
    with suppress(BrokenPipeError):
        process.stdin.close()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _last_line(file: IO[bytes]) -> str:
    file.seek(0)
    lines = file.read().decode(errors="replace").strip().splitlines()
    return lines[-1][:300] if lines else ""
