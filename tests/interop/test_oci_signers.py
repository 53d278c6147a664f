"""The ``oci`` SDK's own signers log in at the emulator, and then make a call that verifies.

What each needs in order to find the emulator stands in its test.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import oci
import pytest
import requests
from oci.auth.signers import (
    InstancePrincipalsDelegationTokenSigner,
    InstancePrincipalsSecurityTokenSigner,
    SecurityTokenSigner,
    TokenExchangeSigner,
    get_resource_principal_delegation_token_signer,
    get_resource_principals_signer,
)
from oci.auth.signers.oauth_exhange_token_signer import OauthExchangeTokenSigner
from oci.auth.signers.resource_principals_signer import (
    get_oke_workload_identity_resource_principal_signer,
)
from oci.circuit_breaker import NoCircuitBreakerStrategy
from oci.generative_ai import GenerativeAiClient
from oci.retry import NoneRetryStrategy

from ocicat.emulator import Emulator
from ocicat.emulator.identity.keys import private_pem, shared_key
from support.emulator_client import ask, chat_body

NONE = NoneRetryStrategy()


def set_environment(monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)


def list_models(emulator: Emulator, signer: Any) -> Any:
    """A call of the SDK's own client, signed by ``signer``."""
    client = GenerativeAiClient(
        {"region": emulator.identity.region},
        signer=signer,
        service_endpoint=emulator.url,
        retry_strategy=NONE,
    )
    return client.list_models(emulator.compartment_id).data.items


def assert_admitted(emulator: Emulator, signer: Any, principal: str) -> None:
    """A GET of the SDK's client and a POST with a body are both known to be ``principal``'s."""
    assert list_models(emulator, signer)
    received = emulator.ledger.last
    assert received.verified
    assert received.principal == principal
    assert received.key_id == "ST$…"

    answer = ask(
        emulator, "POST", "/20231130/actions/chat", chat_body(emulator), by=OnlyCalled(signer)
    )
    assert answer.status == 200
    assert emulator.ledger.last.principal == principal


class OnlyCalled:
    """A signer used as ``requests`` uses it: called, so that it may renew its token."""

    def __init__(self, signer: Any) -> None:
        self.do_request_sign = signer


def paths(emulator: Emulator) -> list[str]:
    return [entry.path for entry in emulator.ledger]


def instance_signer(emulator: Emulator, **more: Any) -> InstancePrincipalsSecurityTokenSigner:
    return InstancePrincipalsSecurityTokenSigner(
        federation_endpoint=emulator.identity.federation_endpoint,
        retry_strategy=NONE,
        federation_client_retry_strategy=NONE,
        federation_client_circuit_breaker_strategy=NoCircuitBreakerStrategy(),
        **more,
    )


@pytest.fixture
def on_instance(oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> Emulator:
    """The emulator, whose instance this process takes itself to run on."""
    set_environment(monkeypatch, oci_emulator.identity.instance_environment())
    return oci_emulator


def test_an_instance_principal_logs_in(on_instance: Emulator) -> None:
    """``OCI_METADATA_BASE_URL`` and ``federation_endpoint`` are all that the signer needs."""
    signer = instance_signer(on_instance)

    assert signer.region == on_instance.identity.region
    assert signer.tenancy_id == on_instance.identity.tenancy_id
    assert_admitted(on_instance, signer, on_instance.identity.instance_id)
    assert paths(on_instance)[:6] == [
        "/opc/v2/identity/cert.pem",
        "/opc/v2/identity/key.pem",
        "/opc/v2/identity/intermediate.pem",
        "/opc/v2/instance/region",
        # The first log-in reads the certificates anew.
        "/opc/v2/identity/cert.pem",
        "/opc/v2/identity/key.pem",
    ]
    assert paths(on_instance).count("/v1/x509") == 1
    login = next(entry for entry in on_instance.ledger if entry.path == "/v1/x509")
    assert login.verified
    assert "host" not in login.signed_headers


def test_an_instance_principal_renews_a_revoked_token(on_instance: Emulator) -> None:
    """The SDK's clients log in again after a 401, once."""
    signer = instance_signer(on_instance)
    on_instance.identity.revoke_all()

    assert list_models(on_instance, signer)
    assert paths(on_instance).count("/v1/x509") == 2
    refused = [entry for entry in on_instance.ledger if entry.status == 401]
    assert [entry.refusal for entry in refused] == ["keyId ST$…: the token was revoked"]


def test_an_instance_principal_renews_a_token_that_is_about_to_expire(
    on_instance: Emulator,
) -> None:
    """The SDK takes a token for old a minute before it expires."""
    on_instance.identity.token_lifetime = 30
    signer = instance_signer(on_instance)
    assert_admitted(on_instance, signer, on_instance.identity.instance_id)

    assert paths(on_instance).count("/v1/x509") == 3
    assert not [entry for entry in on_instance.ledger if entry.status == 401]


def test_an_instance_principal_takes_a_rotated_certificate(on_instance: Emulator) -> None:
    signer = instance_signer(on_instance)
    on_instance.identity.rotate_certificate()
    signer.refresh_security_token()

    assert_admitted(on_instance, signer, on_instance.identity.instance_id)


def test_the_sdk_notices_a_certificate_of_another_tenancy(on_instance: Emulator) -> None:
    signer = instance_signer(on_instance)
    on_instance.identity.rotate_certificate(tenancy_id="ocid1.tenancy.oc1..aaaaaaaaanother")

    with pytest.raises(RuntimeError, match="Unexpected update of tenancy OCID"):
        signer.refresh_security_token()


def test_an_instance_principal_survives_a_failing_auth_service(on_instance: Emulator) -> None:
    on_instance.identity.when("/v1/x509").fail(503).times(1)
    signer = InstancePrincipalsSecurityTokenSigner(
        federation_endpoint=on_instance.identity.federation_endpoint,
        federation_client_circuit_breaker_strategy=NoCircuitBreakerStrategy(),
        federation_client_retry_strategy=oci.retry.RetryStrategyBuilder(
            max_attempts=2, retry_base_sleep_time_seconds=0, retry_max_wait_between_calls_seconds=0
        ).get_retry_strategy(),
    )

    assert_admitted(on_instance, signer, on_instance.identity.instance_id)
    statuses = [entry.status for entry in on_instance.ledger if entry.path == "/v1/x509"]
    assert statuses == [503, 200]


def test_a_certificate_with_another_ones_key_is_refused(
    on_instance: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The metadata service gives a key that the certificate was not made for."""
    other = private_pem(shared_key("somebody else"))
    on_instance.identity.when("/opc/v2/identity/key.pem").reply_raw(200, {}, other)

    with pytest.raises(oci.exceptions.ServiceError) as caught:
        instance_signer(on_instance)
    assert caught.value.status == 401
    assert caught.value.code == "NotAuthenticated"
    assert "another key signed it" in str(on_instance.ledger.last.refusal)


def test_a_certificate_of_another_authority_is_refused(on_instance: Emulator) -> None:
    with Emulator() as foreign:
        leaf = foreign.identity.certificate
        for name, content in (
            ("cert.pem", leaf.certificate_pem),
            ("key.pem", leaf.key_pem),
            ("intermediate.pem", leaf.intermediate_pem),
        ):
            on_instance.identity.when(f"/opc/v2/identity/{name}").reply_raw(200, {}, content)
        with pytest.raises(oci.exceptions.ServiceError) as caught:
            instance_signer(on_instance)

    assert caught.value.status == 401
    assert on_instance.ledger.last.refusal == (
        "certificate: the chain does not lead to the emulator's certificate authority"
    )


def test_a_token_of_another_emulator_is_refused(on_instance: Emulator) -> None:
    signer = instance_signer(on_instance)
    token = signer.api_key.removeprefix("ST$")
    with Emulator() as other:
        client = GenerativeAiClient(
            {"region": "us-chicago-1"},
            signer=SecurityTokenSigner(token, signer.private_key),
            service_endpoint=other.url,
            retry_strategy=NONE,
        )
        with pytest.raises(oci.exceptions.ServiceError) as caught:
            client.list_models(other.compartment_id)
        assert caught.value.status == 401
        assert other.ledger.last.refusal == "keyId ST$…: another emulator issued the token"


def test_a_session_that_has_expired_is_refused(oci_emulator: Emulator) -> None:
    session = oci_emulator.identity.session(lifetime=60)
    oci_emulator.clock_offset = 90

    with pytest.raises(oci.exceptions.ServiceError) as caught:
        list_models(oci_emulator, session_signer(oci_emulator, session.profile))
    assert caught.value.status == 401
    assert "the token expired" in str(oci_emulator.ledger.last.refusal)


def test_a_session_signed_with_another_key_is_refused(oci_emulator: Emulator) -> None:
    session = oci_emulator.identity.session()

    with pytest.raises(oci.exceptions.ServiceError) as caught:
        list_models(oci_emulator, SecurityTokenSigner(session.token, shared_key("somebody else")))
    assert caught.value.status == 401
    assert not oci_emulator.ledger.last.verified


def session_signer(emulator: Emulator, profile: str) -> SecurityTokenSigner:
    """As programs make one of a profile that the CLI has written."""
    config = oci.config.from_file(str(emulator.home.config_file), profile)
    token = Path(config["security_token_file"]).read_text()
    return SecurityTokenSigner(token, oci.signer.load_private_key_from_file(config["key_file"]))


def test_a_session_profile_signs_and_is_refreshed(oci_emulator: Emulator) -> None:
    """The refresh has the shape of the CLI's ``oci session refresh``."""
    session = oci_emulator.identity.session("WORK")
    signer = session_signer(oci_emulator, "WORK")
    assert_admitted(oci_emulator, signer, oci_emulator.identity.user_id)

    response = requests.post(
        f"{oci_emulator.identity.auth_url}/v1/authentication/refresh",
        headers={"content-type": "application/json"},
        data=json.dumps({"currentToken": session.token}),
        auth=signer,
        timeout=20,
    )
    assert response.status_code == 200
    token = response.json()["token"]
    assert token != session.token
    refreshed = SecurityTokenSigner(token, signer.private_key)
    assert_admitted(oci_emulator, refreshed, oci_emulator.identity.user_id)


def test_a_resource_principal_2_2_signs(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, oci_emulator.identity.resource_environment("2.2"))
    signer = get_resource_principals_signer()

    assert signer.tenancy_id == oci_emulator.identity.tenancy_id
    assert signer.compartment_id == oci_emulator.identity.compartment_id
    assert_admitted(oci_emulator, signer, oci_emulator.identity.resource_id)


def test_a_resource_principal_2_2_reads_its_files_again_after_a_401(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    variables = oci_emulator.identity.resource_environment("2.2")
    for name in ("OCI_RESOURCE_PRINCIPAL_RPST", "OCI_RESOURCE_PRINCIPAL_PRIVATE_PEM"):
        path = tmp_path / name
        path.write_text(variables[name])
        variables[name] = str(path)
    set_environment(monkeypatch, variables)
    signer = get_resource_principals_signer()
    oci_emulator.identity.revoke_all()
    fresh = oci_emulator.identity.resource_environment("2.2")["OCI_RESOURCE_PRINCIPAL_RPST"]
    (tmp_path / "OCI_RESOURCE_PRINCIPAL_RPST").write_text(fresh)

    assert_admitted(oci_emulator, signer, oci_emulator.identity.resource_id)


def test_a_resource_principal_1_1_logs_in(
    on_instance: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK has no setting for where its inner instance principal logs in: always https.

    So the one function that names the Auth service's host is replaced here.
    """
    set_environment(monkeypatch, on_instance.identity.resource_environment("1.1"))
    monkeypatch.setattr(oci.regions, "endpoint_for", lambda *_, **__: on_instance.identity.auth_url)
    signer = get_resource_principals_signer()

    assert_admitted(on_instance, signer, on_instance.identity.resource_id)


@pytest.mark.parametrize("version", ["2.1", "2.1.1", "2.1.2"])
def test_a_resource_principal_2_1_logs_in(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch, version: str
) -> None:
    set_environment(monkeypatch, oci_emulator.identity.resource_environment(version))
    signer = get_resource_principals_signer()

    assert_admitted(oci_emulator, signer, oci_emulator.identity.resource_id)
    tenancy = "" if version == "2.1" else f"/{oci_emulator.identity.tenancy_id}"
    assert oci_emulator.ledger[0].key_id == (
        f"resource/v{version}{tenancy}/{oci_emulator.identity.resource_id}"
    )


def test_a_nested_resource_principal_logs_in(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Version 3.0: a resource within a resource; here the leaf is of version 2.2.

    SDK 2.189 refuses any endpoint with a path, and so its own nested signer's. That check is off.
    """
    monkeypatch.setattr(oci.BaseClient, "_is_valid_endpoint_path", lambda *_: True)
    identity = oci_emulator.identity
    parent = "ocid1.datascienceproject.oc1.us-chicago-1.parent"
    identity.add_parent(identity.resource_id, parent)
    leaf = {
        f"{name}_FOR_LEAF_RESOURCE": value
        for name, value in identity.resource_environment("2.2").items()
    }
    set_environment(
        monkeypatch,
        {
            **leaf,
            "OCI_RESOURCE_PRINCIPAL_VERSION": "3.0",
            "OCI_RESOURCE_PRINCIPAL_RPT_URL_FOR_PARENT_RESOURCE": identity.resource_token_url(
                parent
            ),
            "OCI_RESOURCE_PRINCIPAL_RPST_ENDPOINT_FOR_PARENT_RESOURCE": identity.auth_url,
        },
    )
    assert_admitted(oci_emulator, get_resource_principals_signer(), parent)


def test_a_token_is_exchanged(oci_emulator: Emulator) -> None:
    identity = oci_emulator.identity
    signer = TokenExchangeSigner(
        lambda: identity.subject_token("deployer"),
        identity.domain_url,
        identity.client_id,
        identity.client_secret,
    )

    assert_admitted(oci_emulator, signer, "deployer")


def test_a_scoped_token_is_got_with_another_token(on_instance: Emulator) -> None:
    identity = on_instance.identity
    signer = OauthExchangeTokenSigner(
        instance_signer(on_instance),
        "generativeai_use",
        identity.compartment_id,
        oauth_token_endpoint=f"{identity.auth_url}/v1/oauth2/scoped",
    )

    assert_admitted(on_instance, signer, identity.instance_id)


def test_a_workload_of_kubernetes_logs_in(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The SDK fixes scheme and port (https, 12250), so the emulator listens there as well."""
    identity = oci_emulator.identity
    cluster = identity.serve_workloads()
    set_environment(monkeypatch, identity.workload_environment(cluster))
    monkeypatch.setenv("NO_PROXY", cluster.host)
    signer = get_oke_workload_identity_resource_principal_signer(
        service_account_token=identity.service_account_token("shop", "checkout"),
        retry_strategy=NONE,
    )

    assert cluster.port == 12250
    assert signer.region == identity.region
    assert_admitted(oci_emulator, signer, "shop/checkout")
    signer.requests_session.close()


def test_a_cluster_that_is_not_enhanced_is_named(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity = oci_emulator.identity
    cluster = identity.serve_workloads()
    set_environment(monkeypatch, identity.workload_environment(cluster))
    monkeypatch.setenv("NO_PROXY", cluster.host)
    identity.when("/resourcePrincipalSessionTokens").fail(403)

    with pytest.raises(oci.exceptions.ServiceError, match="enhanced"):
        get_oke_workload_identity_resource_principal_signer(
            service_account_token=identity.service_account_token(), retry_strategy=NONE
        )


def test_an_instance_acts_for_a_user(on_instance: Emulator) -> None:
    user = "ocid1.user.oc1..aaaaaaaacolleague"
    signer = InstancePrincipalsDelegationTokenSigner(
        delegation_token=on_instance.identity.delegation_token(user),
        federation_endpoint=on_instance.identity.federation_endpoint,
    )

    assert_admitted(on_instance, signer, on_instance.identity.instance_id)
    assert on_instance.ledger.last.on_behalf_of == user
    assert "opc-obo-token" in on_instance.ledger.last.signed_headers


def test_a_resource_acts_for_a_user(
    oci_emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_environment(monkeypatch, oci_emulator.identity.resource_environment("2.2"))
    signer = get_resource_principal_delegation_token_signer(
        oci_emulator.identity.delegation_token()
    )

    assert_admitted(oci_emulator, signer, oci_emulator.identity.resource_id)
    assert oci_emulator.ledger.last.on_behalf_of == oci_emulator.identity.user_id


def test_a_delegation_token_that_nobody_issued_is_refused(on_instance: Emulator) -> None:
    signer = InstancePrincipalsDelegationTokenSigner(
        delegation_token="forged",
        federation_endpoint=on_instance.identity.federation_endpoint,
    )

    with pytest.raises(oci.exceptions.ServiceError) as caught:
        list_models(on_instance, signer)
    assert caught.value.status == 401
    assert str(on_instance.ledger.last.refusal).startswith("opc-obo-token: the emulator did not")


def test_a_principal_without_permission_gets_the_404_of_what_does_not_exist(
    on_instance: Emulator,
) -> None:
    signer = instance_signer(on_instance)
    on_instance.identity.deny(on_instance.identity.instance_id)

    with pytest.raises(oci.exceptions.ServiceError) as caught:
        list_models(on_instance, signer)
    assert (caught.value.status, caught.value.code) == (404, "NotAuthorizedOrNotFound")

    on_instance.identity.allow(on_instance.identity.instance_id)
    assert list_models(on_instance, signer)
