"""Every kind of identity, chosen by settings alone, through whole calls: sync, async, streamed."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import oci
import pytest

import ocicat
from ocicat import acompletion, completion, errors
from ocicat.emulator import Emulator
from support.doors import DOORS, Door

ASK = [{"role": "user", "content": "What is OCI?"}]
MODEL = "xai.grok-4.3"
COHERE = "cohere.command-a-03-2025"
Setup = Callable[[Emulator, pytest.MonkeyPatch, Path], None]


def _variables(patch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        patch.setenv(name, value)


def without_user(patch: pytest.MonkeyPatch) -> None:
    """An environment without a config file, as on a machine in the cloud."""
    patch.setenv("HOME", "/nonexistent")
    patch.delenv("OCI_CONFIG_FILE")
    patch.delenv("OCI_PROFILE")


def session(oci_emulator: Emulator, patch: pytest.MonkeyPatch, tmp: Path) -> None:
    patch.setenv("OCI_PROFILE", oci_emulator.identity.session("WORK").profile)


def instance(oci_emulator: Emulator, patch: pytest.MonkeyPatch, tmp: Path) -> None:
    without_user(patch)
    _variables(patch, oci_emulator.identity.instance_environment())


def resource(version: str) -> Setup:
    def setup(oci_emulator: Emulator, patch: pytest.MonkeyPatch, tmp: Path) -> None:
        without_user(patch)
        _variables(patch, oci_emulator.identity.resource_environment(version))

    return setup


def workload(oci_emulator: Emulator, patch: pytest.MonkeyPatch, tmp: Path) -> None:
    without_user(patch)
    cluster = oci_emulator.identity.serve_workloads()
    _variables(patch, oci_emulator.identity.workload_environment(cluster))
    token = tmp / "service-account-token"
    token.write_text(oci_emulator.identity.service_account_token() + "\n")
    patch.setenv("OCI_KUBERNETES_SERVICE_ACCOUNT_TOKEN_PATH", str(token))


def delegation(oci_emulator: Emulator, patch: pytest.MonkeyPatch, tmp: Path) -> None:
    instance(oci_emulator, patch, tmp)
    token = tmp / "delegation-token"
    token.write_text(oci_emulator.identity.delegation_token() + "\n")
    patch.setenv("OCI_CLI_DELEGATION_TOKEN_FILE", str(token))


def exchange(oci_emulator: Emulator, patch: pytest.MonkeyPatch, tmp: Path) -> None:
    without_user(patch)
    identity = oci_emulator.identity
    token = tmp / "subject-token"
    token.write_text(identity.subject_token() + "\n")
    variables = {
        "OCICAT_DOMAIN_URL": identity.domain_url,
        "OCICAT_CLIENT_ID": identity.client_id,
        "OCICAT_CLIENT_SECRET": identity.client_secret,
        "OCICAT_SUBJECT_TOKEN_FILE": str(token),
    }
    _variables(patch, variables)


def service_key(oci_emulator: Emulator, patch: pytest.MonkeyPatch, tmp: Path) -> None:
    without_user(patch)
    patch.delenv("OCI_COMPARTMENT_ID")
    patch.setenv("OCI_GENAI_API_KEY", oci_emulator.identity.add_api_key())


LOG_INS = (
    "/v1/x509",
    "/v1/resourcePrincipalSessionToken",
    "/resourcePrincipalSessionTokens",
)
KINDS = [
    pytest.param(session, "security_token", id="CLI session"),
    pytest.param(instance, "instance_principal", id="instance principal"),
    *[
        pytest.param(resource(version), "resource_principal", id=f"resource principal {version}")
        for version in ("1.1", "2.1", "2.1.1", "2.1.2", "2.2")
    ],
    pytest.param(workload, "oke_workload_identity", id="OKE workload identity"),
    pytest.param(delegation, "instance_obo_user", id="delegation token"),
    pytest.param(exchange, "token_exchange", id="token exchange"),
    pytest.param(service_key, "genai_api_key", id="Generative AI API key"),
]


@pytest.mark.parametrize("door", [pytest.param(d, id=n) for n, d in DOORS.items()])
@pytest.mark.parametrize(("setup", "kind"), KINDS)
def test_the_environment_alone_decides_who_calls(
    oci_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    setup: Setup,
    kind: str,
    door: Door,
) -> None:
    """Same code on a laptop, on a VM, on OKE, in a function: only the environment differs."""
    setup(oci_emulator, monkeypatch, tmp_path)
    for _ in range(2):
        assert "emulator" in door(MODEL, ASK).text
        assert oci_emulator.ledger.last.verified


@pytest.mark.parametrize(("setup", "kind"), KINDS)
def test_a_kind_can_be_named(
    oci_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    setup: Setup,
    kind: str,
) -> None:
    setup(oci_emulator, monkeypatch, tmp_path)
    monkeypatch.setenv("OCI_AUTH_TYPE", kind)
    assert completion(MODEL, ASK).choices
    monkeypatch.setenv("OCI_AUTH_TYPE", "nonsense")
    assert completion(MODEL, ASK, oci_auth_type=kind).choices
    with pytest.raises(errors.InvalidSetting, match="nonsense") as caught:
        completion(MODEL, ASK)
    assert "instance_principal" in caught.value.hint


@pytest.mark.parametrize(("setup", "kind"), KINDS[:-1])
def test_cohere_is_called_by_every_identity_that_signs(
    oci_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    setup: Setup,
    kind: str,
) -> None:
    setup(oci_emulator, monkeypatch, tmp_path)
    assert completion(COHERE, ASK).choices


def test_a_service_key_serves_where_it_can_and_the_profile_elsewhere(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OCI_GENAI_API_KEY", oci_emulator.identity.add_api_key())
    completion(MODEL, ASK)
    assert oci_emulator.ledger.last.key_id is None
    completion(COHERE, ASK)
    assert oci_emulator.ledger.last.key_id is not None
    with pytest.raises(errors.UnsupportedFeature, match="OpenAI-compatible"):
        completion(COHERE, ASK, api_key=oci_emulator.identity.add_api_key())


@pytest.mark.parametrize("variable", ["OCICAT_AUTH_TYPE", "OCI_AUTH_TYPE", "OCI_CLI_AUTH"])
@pytest.mark.parametrize("spelled", ["api_key", " API_KEY ", "user_principal"])
def test_a_users_key_can_be_meant_in_every_variable(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, variable: str, spelled: str
) -> None:
    _variables(monkeypatch, oci_emulator.identity.resource_environment())
    monkeypatch.setenv("OCI_GENAI_API_KEY", oci_emulator.identity.add_api_key())
    monkeypatch.setenv(variable, spelled)
    completion(COHERE, ASK)
    assert oci_emulator.ledger.last.key_id == oci_emulator.home.key_id


def test_an_exchange_names_what_it_lacks(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    exchange(oci_emulator, monkeypatch, tmp_path)
    for name in ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("OCICAT_SUBJECT_TOKEN_FILE")
    with pytest.raises(errors.MissingSetting, match="ACTIONS_ID_TOKEN_REQUEST_URL") as caught:
        completion(MODEL, ASK)
    assert "OCICAT_SUBJECT_TOKEN_FILE" in caught.value.hint
    monkeypatch.delenv("OCICAT_CLIENT_SECRET")
    with pytest.raises(errors.MissingSetting, match="application as OCICAT_CLIENT_SECRET."):
        completion(MODEL, ASK)


def test_a_profile_as_the_sdk_has_it_in_the_cloud_shell_means_the_delegation_token(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _variables(monkeypatch, oci_emulator.identity.instance_environment())
    token = tmp_path / "delegation-token"
    token.write_text(oci_emulator.identity.delegation_token())
    with oci_emulator.home.config_file.open("a") as profile:
        profile.write(f"authentication_type=instance_principal\ndelegation_token_file={token}\n")
    completion(MODEL, ASK)
    assert oci_emulator.ledger.last.principal == oci_emulator.identity.instance_id
    assert oci_emulator.ledger.last.on_behalf_of == oci_emulator.identity.user_id


@pytest.mark.parametrize("named", ["instance_principal", None])
def test_an_instance_calls_the_region_that_it_is_in(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, named: str | None
) -> None:
    instance(oci_emulator, monkeypatch, tmp_path)
    monkeypatch.delenv("OCICAT_API_BASE")
    for door in DOORS.values():
        with pytest.raises(errors.APIConnectionError, match="us-chicago-1.oci.oraclecloud.com"):
            door(MODEL, ASK, oci_auth_type=named, max_retries=0)
    with pytest.raises(errors.APIConnectionError, match="eu-frankfurt-1"):
        completion(MODEL, ASK, oci_region="FRA", max_retries=0)


def test_when_nobody_is_found_every_attempt_is_told(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_user(monkeypatch)
    monkeypatch.setenv("OCI_METADATA_BASE_URL", "http://127.0.0.1:1/opc/v2")
    with pytest.raises(errors.ConfigurationError) as caught:
        completion(MODEL, ASK)
    told = str(caught.value)
    for part in (
        "OCI_GENAI_API_KEY",
        "user",
        "session",
        "resource principal",
        "instance principal",
    ):
        assert part in told
    assert len(oci_emulator.ledger) == 0


def test_an_identity_that_is_meant_but_broken_is_not_replaced_by_another(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    _variables(monkeypatch, oci_emulator.identity.resource_environment())
    oci_emulator.home.key_file.unlink()
    with pytest.raises(errors.InvalidKey, match="does not exist"):
        completion(MODEL, ASK)


@pytest.mark.parametrize(("setup", "kind"), [KINDS[1], KINDS[3], KINDS[7]])
def test_one_log_in_serves_all_who_come_together(
    oci_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    setup: Setup,
    kind: str,
) -> None:
    setup(oci_emulator, monkeypatch, tmp_path)

    async def many() -> None:
        await asyncio.gather(*(acompletion(MODEL, ASK) for _ in range(40)))

    threads = [threading.Thread(target=completion, args=(MODEL, ASK)) for _ in range(16)]
    for thread in threads:
        thread.start()
    asyncio.run(many())
    for thread in threads:
        thread.join()
    chats = [entry for entry in oci_emulator.ledger if entry.path.endswith("/completions")]
    assert len(chats) == 56
    assert all(entry.verified for entry in chats)
    assert len({entry.key_id for entry in chats}) == 1
    log_ins = [entry for entry in oci_emulator.ledger if entry.path in LOG_INS]
    assert len(log_ins) == 1


def test_an_expired_token_met_by_a_crowd_is_renewed_once_and_the_loop_goes_on(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """200 tasks and 64 threads. How long the loop stood still is printed, not asserted."""
    instance(oci_emulator, monkeypatch, tmp_path)
    oci_emulator.identity.token_lifetime = 1
    completion(MODEL, ASK)
    oci_emulator.identity.token_lifetime = 600
    time.sleep(1.1)
    oci_emulator.ledger.clear()
    longest = 0.0

    async def crowd() -> None:
        nonlocal longest
        loop = asyncio.get_running_loop()

        async def watch() -> None:
            nonlocal longest
            while True:
                before = loop.time()
                await asyncio.sleep(0.001)
                longest = max(longest, loop.time() - before - 0.001)

        watching = asyncio.create_task(watch())
        await asyncio.gather(*(acompletion(MODEL, ASK) for _ in range(200)))
        watching.cancel()

    threads = [threading.Thread(target=completion, args=(MODEL, ASK)) for _ in range(64)]
    for thread in threads:
        thread.start()
    asyncio.run(crowd())
    for thread in threads:
        thread.join()
    print(f"the loop stood still for {longest * 1000:.0f} ms at most")
    assert len([e for e in oci_emulator.ledger if e.path == "/v1/x509"]) == 1
    assert len(oci_emulator.ledger.chats) == 264
    assert all(entry.status == 200 for entry in oci_emulator.ledger)


def test_a_task_cancelled_in_a_crowd_leaves_nothing_behind(oci_emulator: Emulator) -> None:
    oci_emulator.when("OCI").stall(1)

    async def crowd() -> None:
        tasks = [asyncio.create_task(acompletion(MODEL, ASK)) for _ in range(100)]
        await asyncio.sleep(0.01)
        for task in tasks[::2]:
            task.cancel()
        done = await asyncio.gather(*tasks, return_exceptions=True)
        # On a slow machine the first may have been answered by then.
        assert sum(isinstance(one, asyncio.CancelledError) for one in done) > 25
        assert all(not isinstance(one, BaseException) for one in done[1::2])

    asyncio.run(crowd())
    gc.collect()


def test_short_tokens_under_load_fail_no_call(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """For six seconds; `make soak` goes on for three minutes."""
    instance(oci_emulator, monkeypatch, tmp_path)
    oci_emulator.identity.token_lifetime = 2
    seconds = float(os.environ.get("SOAK_SECONDS", "6"))
    calls = 0

    async def load() -> None:
        nonlocal calls
        loop = asyncio.get_running_loop()
        end = loop.time() + seconds
        while loop.time() < end:
            await asyncio.gather(*(acompletion(MODEL, ASK, max_retries=0) for _ in range(8)))
            calls += 8

    asyncio.run(load())
    log_ins = [entry for entry in oci_emulator.ledger if entry.path == "/v1/x509"]
    print(f"{calls} calls, {len(log_ins)} log-ins among the latest {len(oci_emulator.ledger)}")
    assert len(log_ins) >= 3
    # A machine that stands still for a second may let a token die on its way, which a renewal after
    # the 401 mends: what is promised is that no call fails.
    refused = [entry for entry in oci_emulator.ledger if entry.status != 200]
    assert all(entry.status == 401 for entry in refused)
    assert len(refused) <= len(log_ins)


def test_a_revoked_token_is_renewed_once(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instance(oci_emulator, monkeypatch, tmp_path)
    completion(MODEL, ASK)
    oci_emulator.identity.revoke_all()
    completion(MODEL, ASK)
    statuses = [e.status for e in oci_emulator.ledger if e.path.endswith("/completions")]
    assert statuses == [200, 401, 200]


# --- auth objects -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("setup", "name"),
    [
        (session, "OciSessionAuth"),
        (instance, "OciInstancePrincipalAuth"),
        (resource("2.2"), "OciResourcePrincipalAuth"),
        (workload, "OciWorkloadIdentityAuth"),
        (delegation, "OciDelegationTokenAuth"),
        (service_key, "OciApiKeyAuth"),
    ],
)
def test_an_auth_class_serves_a_client_and_a_call(
    oci_emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    setup: Setup,
    name: str,
) -> None:
    setup(oci_emulator, monkeypatch, tmp_path)
    auth = getattr(ocicat, name)()
    assert completion(MODEL, ASK, oci_auth=auth, oci_compartment_id=oci_emulator.compartment_id)
    with httpx2.Client(auth=auth) as client:
        answer = client.post(
            f"{oci_emulator.url}/openai/v1/chat/completions",
            json={"model": MODEL, "messages": ASK},
            headers={"opc-compartment-id": oci_emulator.compartment_id},
        )
    assert answer.status_code == 200


def test_a_foreign_token_is_exchanged(oci_emulator: Emulator) -> None:
    identity = oci_emulator.identity
    auth = ocicat.OciTokenExchangeAuth(
        domain_url=identity.domain_url,
        client_id=identity.client_id,
        client_secret=identity.client_secret,
        subject_token=identity.subject_token,
    )
    assert completion(MODEL, ASK, oci_auth=auth, oci_compartment_id=oci_emulator.compartment_id)
    assert oci_emulator.ledger.last.verified


def test_the_sdks_own_instance_signer_is_kept_alive(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instance(oci_emulator, monkeypatch, tmp_path)
    oci_emulator.identity.token_lifetime = 90
    signer = oci.auth.signers.InstancePrincipalsSecurityTokenSigner(
        federation_endpoint=oci_emulator.identity.federation_endpoint
    )
    arguments: dict[str, Any] = {
        "oci_signer": signer,
        "oci_compartment_id": oci_emulator.compartment_id,
    }
    completion(MODEL, ASK, **arguments)
    oci_emulator.identity.revoke_all()
    completion(MODEL, ASK, **arguments)
    statuses = [e.status for e in oci_emulator.ledger if e.path.endswith("/completions")]
    assert statuses == [200, 401, 200]


def test_something_that_is_no_identity_is_refused(oci_emulator: Emulator) -> None:
    with pytest.raises(errors.InvalidSetting, match="oci_auth"):
        completion(MODEL, ASK, oci_auth=5)


def test_a_child_process_goes_on_as_the_same_identity(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    instance(oci_emulator, monkeypatch, tmp_path)
    completion(MODEL, ASK)
    child = os.fork()
    if child == 0:
        try:
            completion(MODEL, ASK)
            asyncio.run(acompletion(MODEL, ASK))
            os._exit(0)
        except BaseException:
            os._exit(1)
    assert os.waitpid(child, 0)[1] == 0
    assert [entry.status for entry in oci_emulator.ledger.chats] == [200, 200, 200]


def test_the_examples_of_oci_openais_page_make_every_signer(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As they stand there but for the import; the clients of that page come later."""
    identity = oci_emulator.identity
    _variables(monkeypatch, identity.instance_environment())
    _variables(monkeypatch, identity.resource_environment())
    session = identity.session("DEFAULT-SESSION").profile
    example = """
from ocicat import (
    OciSessionAuth,
    OciResourcePrincipalAuth,
    OciInstancePrincipalAuth,
    OciUserPrincipalAuth,
)

# 1) Session (local dev; uses ~/.oci/config + session token)
session_auth = OciSessionAuth(profile_name="<profile name>")

# 2) Resource Principal (OCI services with RP)
rp_auth = OciResourcePrincipalAuth()

# 3) Instance Principal (OCI Compute)
ip_auth = OciInstancePrincipalAuth()

# 4) User Principal (API key in ~/.oci/config)
up_auth = OciUserPrincipalAuth(profile_name="DEFAULT")
"""
    names: dict[str, Any] = {}
    exec(example.replace("<profile name>", session), names)
    for name in ("session_auth", "rp_auth", "ip_auth", "up_auth"):
        assert completion(MODEL, ASK, oci_auth=names[name]).choices
