"""Workload identities: what a pod has, what it asks its cluster, and what can be wrong with it."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ocicat import errors
from ocicat.auth.workload import WorkloadIdentityResolver
from ocicat.emulator import Emulator
from ocicat.vocabulary.flow import Response
from support.flows import Stopped
from support.principals import (
    Cloud,
    Driven,
    asked,
    authority_pem,
    call_models,
    drive,
    jwt,
    models_async,
    models_sync,
)

LOG_IN = "/resourcePrincipalSessionTokens"
HOST = "KUBERNETES_SERVICE_HOST"
AUTHORITY = "OCI_KUBERNETES_SERVICE_ACCOUNT_CERT_PATH"
TOKEN = "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_STRING"
TOKEN_FILE = "OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH"


class Pod:
    """A stopped clock, a cluster on it, and a pod in the cluster."""

    def __init__(self, path: Path) -> None:
        self.ambient = Stopped()
        self.cloud = Cloud(self.ambient.now)
        self.ca = path / "ca.crt"
        self.ca.write_bytes(authority_pem())
        self.token = path / "token"
        self.renew()
        self.environment = {
            HOST: "10.96.0.1",
            AUTHORITY: str(self.ca),
            TOKEN_FILE: str(self.token),
        }
        self._resolver: WorkloadIdentityResolver | None = None

    def renew(self) -> None:
        """Give the pod another service account token, as Kubernetes does every hour."""
        self.token.write_text(jwt(exp=self.ambient.now() + 3600, sub="sa") + "\n")

    @property
    def resolver(self) -> WorkloadIdentityResolver:
        self._resolver = self._resolver or WorkloadIdentityResolver(self.environment)
        return self._resolver

    def resolve(self, refused: Any = None) -> Driven:
        flow = self.resolver.resolve(self.ambient, refused)
        return drive(flow, self.cloud.answer, self.ambient)

    def call(self) -> Driven:
        flow = call_models(self.resolver, "api.example", self.ambient)
        return drive(flow, self.cloud.answer, self.ambient)


@pytest.fixture
def pod(tmp_path: Path) -> Pod:
    return Pod(tmp_path)


def test_a_pod_shows_its_token_and_gets_one_for_its_key(pod: Pod) -> None:
    driven = pod.call()
    assert driven.result.status == 200
    request = driven.requests[0]
    assert request.url == "https://10.96.0.1:12250/resourcePrincipalSessionTokens"
    assert request.method == "POST"
    assert request.authority == str(pod.ca)
    assert request.direct
    assert request.headers["authorization"] == f"Bearer {pod.token.read_text().strip()}"
    assert request.headers["content-type"] == "application/json"
    parts = request.headers["opc-request-id"].split("/")
    assert len(parts) == 3
    assert all(part == part.lower() for part in parts)
    body = json.loads(request.body)
    assert set(body) == {"podKey"}
    base64.b64decode(body["podKey"], validate=True)
    assert 'keyId="ST$ey' in driven.requests[1].headers["authorization"]


def test_an_ipv6_cluster_is_put_into_brackets(pod: Pod) -> None:
    pod.environment[HOST] = "fd00::1"
    assert pod.resolve().requests[0].host == "[fd00::1]:12250"


def test_the_service_account_token_is_read_again_for_each_log_in(pod: Pod) -> None:
    first = pod.resolve()
    pod.ambient.time += 3000
    pod.renew()
    second = pod.resolve(first.result)
    assert second.requests[0].headers["authorization"].endswith(pod.token.read_text().strip())
    assert second.result is not first.result


def test_the_token_may_be_in_the_environment_itself(pod: Pod) -> None:
    pod.environment[TOKEN] = jwt(exp=pod.ambient.now() + 60)
    pod.token.unlink()
    assert pod.call().result.status == 200


def test_a_token_is_renewed_before_it_ends_and_after_a_401(pod: Pod) -> None:
    pod.cloud.lifetime = 300.0
    for _ in range(20):
        pod.renew()
        assert pod.call().result.status == 200
        pod.ambient.time += 30
    assert set(pod.cloud.calls) == {200}
    before = pod.cloud.log_ins
    pod.cloud.revoke()
    pod.renew()
    assert pod.call().result.status == 200
    assert pod.cloud.log_ins == before + 1


def test_a_403_says_which_kind_of_cluster_is_needed(pod: Pod) -> None:
    pod.cloud.wrong[LOG_IN] = [Response(403, {}, b"Forbidden")]
    error = pod.resolve().error
    assert isinstance(error, errors.PermissionDeniedError)
    assert "enhanced cluster" in str(error)


@pytest.mark.parametrize(
    ("code", "kind"), [(400, errors.BadRequestError), (401, errors.AuthenticationError)]
)
def test_other_refusals_are_of_their_kind(
    pod: Pod, code: int, kind: type[errors.APIStatusError]
) -> None:
    pod.cloud.wrong[LOG_IN] = [Response(code, {}, b"")]
    error = pod.resolve().error
    assert isinstance(error, kind)
    assert "10.96.0.1:12250" in str(error)


def test_a_busy_cluster_is_asked_again(pod: Pod) -> None:
    pod.cloud.wrong[LOG_IN] = [Response(503, {}), errors.APIConnectionError("reset")]
    driven = pod.resolve()
    assert driven.error is None
    assert len(driven.pauses) == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        "null",
        '{"token": 5}',
        '{"token": ""}',
        '{"token": "ST$"}',
        '{"token": "a b"}',
    ],
)
def test_an_answer_without_a_token_is_malformed(pod: Pod, text: str) -> None:
    pod.cloud.wrong[LOG_IN] = [Response(200, {}, base64.b64encode(text.encode()))]
    assert isinstance(pod.resolve().error, errors.MalformedReply)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=st.binary() | st.binary().map(base64.b64encode))
def test_any_answer_is_a_token_or_malformed(pod: Pod, body: bytes) -> None:
    pod.cloud.wrong[LOG_IN] = [Response(200, {}, body)]
    resolver = WorkloadIdentityResolver(pod.environment)
    driven = drive(resolver.resolve(pod.ambient), pod.cloud.answer, pod.ambient)
    assert isinstance(driven.error, errors.MalformedReply)


@pytest.mark.parametrize("value", ["", "  ", None])
def test_outside_a_cluster_the_missing_variable_is_named(pod: Pod, value: str | None) -> None:
    del pod.environment[HOST]
    if value is not None:
        pod.environment[HOST] = value
    with pytest.raises(errors.MissingSetting) as caught:
        WorkloadIdentityResolver(pod.environment)
    assert caught.value.setting == HOST
    assert "OKE" in str(caught.value)


@pytest.mark.parametrize("host", ["a b", "h/path", "u@h", "h:80", "http://h", "[::1]"])
def test_a_host_that_is_none_is_refused(pod: Pod, host: str) -> None:
    with pytest.raises(errors.InvalidSetting):
        WorkloadIdentityResolver({**pod.environment, HOST: host})


def test_files_that_are_missing_or_wrong_are_named_before_anything_is_sent(pod: Pod) -> None:
    expired = jwt(exp=pod.ambient.now() - 1, sub="secret")
    for path, content in (
        (pod.ca, None),
        (pod.ca, b"no certificate"),
        (pod.ca, b""),
        (pod.token, None),
        (pod.token, b""),
        (pod.token, b"no token"),
        (pod.token, b"\xff\xfe"),
        (pod.token, jwt(sub="x").encode()),
        (pod.token, expired.encode()),
    ):
        before = path.read_bytes()
        path.unlink()
        if content is not None:
            path.write_bytes(content)
        driven = pod.resolve()
        assert isinstance(driven.error, errors.ConfigurationError)
        assert str(path) in str(driven.error)
        assert expired.split(".")[1] not in str(driven.error)
        assert driven.requests == []
        path.write_bytes(before)
    assert pod.resolve().error is None


# --- over TLS -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def emulator() -> Any:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="module")
def environment(emulator: Emulator) -> dict[str, str]:
    cluster = emulator.identity.serve_workloads()
    return emulator.identity.workload_environment(cluster)


def workload(
    emulator: Emulator, environment: dict[str, str], **more: str
) -> WorkloadIdentityResolver:
    token = emulator.identity.service_account_token("here", "me")
    return WorkloadIdentityResolver({**environment, TOKEN: token, **more})


@pytest.mark.parametrize("models", [models_sync, models_async])
def test_a_pod_calls_the_emulator(
    emulator: Emulator,
    environment: dict[str, str],
    models: Callable[[Emulator, WorkloadIdentityResolver], int],
) -> None:
    emulator.ledger.clear()
    resolver = workload(emulator, environment)
    assert models(emulator, resolver) == 200
    assert emulator.ledger.last.principal == "here/me"
    emulator.identity.revoke_all()
    assert models(emulator, resolver) == 200
    assert asked(emulator, LOG_IN) == [200, 200]
    assert asked(emulator, "/20231130/models") == [200, 401, 200]


@pytest.mark.parametrize("models", [models_sync, models_async])
def test_a_cluster_that_another_authority_vouches_for_is_not_trusted(
    emulator: Emulator,
    environment: dict[str, str],
    tmp_path: Path,
    models: Callable[[Emulator, WorkloadIdentityResolver], int],
) -> None:
    other = tmp_path / "ca.crt"
    other.write_bytes(authority_pem())
    emulator.ledger.clear()
    resolver = workload(emulator, environment, **{AUTHORITY: str(other)})
    with pytest.raises(errors.APIConnectionError, match="not trusted|TLS"):
        models(emulator, resolver)
    assert len(emulator.ledger) == 0


def test_many_threads_of_a_pod_log_in_once(emulator: Emulator, environment: dict[str, str]) -> None:
    emulator.ledger.clear()
    resolver = workload(emulator, environment)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(models_sync(emulator, resolver)))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 20
    assert asked(emulator, LOG_IN) == [200]
