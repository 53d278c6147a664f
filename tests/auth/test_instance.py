"""Instance principals: certificates, federation, tenancy, region, and when things go wrong."""

from __future__ import annotations

import asyncio
import base64
import socket
import threading
import time
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ocicat import errors
from ocicat.auth.instance import InstancePrincipalResolver
from ocicat.emulator import Emulator
from ocicat.routing.regions import Region
from ocicat.vocabulary.flow import Request, Response
from support.flows import Stopped
from support.principals import (
    TENANCY,
    Cloud,
    Driven,
    asked,
    call_models,
    drive,
    key,
    models_async,
    models_in_task,
    models_sync,
    pem,
)

CERTIFICATE = "/opc/v2/identity/cert.pem"
KEY = "/opc/v2/identity/key.pem"
INTERMEDIATE = "/opc/v2/identity/intermediate.pem"
FEDERATION = "/v1/x509"


def status(code: int, body: bytes = b"{}") -> Response:
    return Response(code, {}, body)


class World:
    """A stopped clock, a cloud on it, and an instance in the cloud."""

    def __init__(self, **options: Any) -> None:
        self.ambient = Stopped()
        self.cloud = Cloud(self.ambient.now)
        self.resolver = InstancePrincipalResolver(**options)

    def resolve(self, refused: Any = None) -> Driven:
        flow = self.resolver.resolve(self.ambient, refused)
        return drive(flow, self.cloud.answer, self.ambient)

    def call(self) -> Driven:
        flow = call_models(self.resolver, "api.example", self.ambient)
        return drive(flow, self.cloud.answer, self.ambient)


def urls(driven: Driven) -> list[str]:
    return [request.url for request in driven.requests]


def test_a_log_in_asks_the_machine_and_then_the_auth_service_of_its_region() -> None:
    world = World()
    driven = world.call()
    base = "http://169.254.169.254/opc/v2"
    assert urls(driven) == [
        f"{base}/identity/cert.pem",
        f"{base}/identity/key.pem",
        f"{base}/identity/intermediate.pem",
        f"{base}/instance/region",
        "https://auth.us-ashburn-1.oraclecloud.com/v1/x509",
        "http://api.example/20231130/models",
    ]
    assert driven.result.status == 200
    for request in driven.requests[:4]:
        assert request.direct
        assert request.timeout.connect <= 2
        assert request.timeout.read <= 2


def test_the_request_for_a_token_is_the_python_sdks() -> None:
    world = World()
    federation = world.resolve().requests[-1]
    body = world.cloud.bodies[FEDERATION]
    assert set(body) == {"certificate", "publicKey", "intermediateCertificates"}
    for text in (body["certificate"], body["publicKey"], *body["intermediateCertificates"]):
        assert "\n" not in text
        assert "-" not in text
    whole = world.cloud.leaf.public_bytes(serialization.Encoding.PEM).decode()
    assert body["certificate"] == "".join(whole.splitlines()[1:-1])
    fingerprint = world.cloud.leaf.fingerprint(hashes.SHA1()).hex(":").upper()
    authorization = federation.headers["authorization"]
    assert f'keyId="{TENANCY}/fed-x509/{fingerprint}"' in authorization
    assert (
        'headers="date (request-target) content-length content-type x-content-sha256"'
        in authorization
    )


def test_an_auth_service_that_wants_sha256_gets_it_from_then_on() -> None:
    world = World()
    world.cloud.refuse_sha1 = True
    first = world.resolve()
    assert first.error is None
    assert [request.target for request in first.requests].count(FEDERATION) == 2
    assert world.cloud.bodies[FEDERATION]["fingerprintAlgorithm"] == "SHA256"
    again = world.resolve(first.result)
    assert [request.target for request in again.requests].count(FEDERATION) == 1


def test_a_401_to_both_forms_is_an_authentication_error_with_a_hint() -> None:
    world = World()
    world.cloud.wrong[FEDERATION] = [status(401), status(401)]
    driven = world.resolve()
    assert isinstance(driven.error, errors.AuthenticationError)
    assert "dynamic group" in driven.error.hint
    assert driven.joins == 1
    assert world.resolve().error is None


def test_certificates_are_fetched_again_for_every_log_in() -> None:
    world = World()
    first = world.resolve()
    world.cloud.certify(TENANCY, "another leaf")
    second = world.resolve(first.result)
    assert second.error is None
    assert [request.target for request in second.requests] == [
        CERTIFICATE,
        KEY,
        INTERMEDIATE,
        FEDERATION,
    ]
    assert second.result is not first.result


def test_a_certificate_that_changes_between_two_requests_is_fetched_once_more() -> None:
    world = World()
    world.cloud.wrong[KEY] = [status(200, pem(key("new leaf")).encode())]
    driven = world.resolve()
    assert driven.error is None
    assert [request.target for request in driven.requests].count(CERTIFICATE) == 2

    world.cloud.wrong[KEY] = [status(200, pem(key("new leaf")).encode())] * 2
    assert isinstance(world.resolve(driven.result).error, errors.MalformedReply)


def test_a_changed_tenancy_is_an_error() -> None:
    world = World()
    first = world.resolve()
    world.cloud.certify("ocid1.tenancy.oc1..other", "leaf")
    driven = world.resolve(first.result)
    assert isinstance(driven.error, errors.ConfigurationError)
    assert "ocid1.tenancy.oc1..other" in str(driven.error)


def test_the_tenancy_may_be_in_an_older_attribute() -> None:
    world = World()
    world.cloud.certify(TENANCY, "leaf", "opc-identity:")
    assert world.call().result.status == 200


def test_a_common_name_longer_than_x509_allows_is_nothing_to_warn_about() -> None:
    """OCI puts the instance's OCID there; warnings fail these tests."""
    world = World()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        world.cloud.certify(TENANCY, "leaf", name="ocid1.instance.oc1.iad." + "a" * 60)
    assert world.call().result.status == 200


# --- region ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("said", ["iad", "IAD\n", "us-ashburn-1", " us-Ashburn-1 "])
def test_the_region_is_found_by_id_or_short_code(said: str) -> None:
    world = World()
    world.cloud.region = said
    flow = world.resolver.find_region(world.ambient)
    found = drive(flow, world.cloud.answer, world.ambient).result
    assert (found.id, found.realm, found.domain) == ("us-ashburn-1", "oc1", "oraclecloud.com")
    again = drive(world.resolver.find_region(world.ambient), world.cloud.answer)
    assert again.result == found
    assert again.requests == []


def test_a_region_newer_than_the_table_describes_itself() -> None:
    world = World()
    world.cloud.region = "xyz"
    found = drive(world.resolver.find_region(world.ambient), world.cloud.answer).result
    assert found == Region("xx-new-1", "xyz", "oc77", "oraclecloud77.example")
    assert urls(world.resolve())[-1] == "https://auth.xx-new-1.oraclecloud77.example/v1/x509"


def test_regions_of_the_owners_own_are_known() -> None:
    region = Region("xx-own-1", "own", "oc99", "own.example")
    world = World(extra_regions=(region,))
    world.cloud.region = "own"
    assert urls(world.resolve())[-1] == "https://auth.xx-own-1.own.example/v1/x509"


def test_a_given_region_or_endpoint_spares_asking_for_it() -> None:
    assert urls(World(region="PHX").resolve())[-1] == (
        "https://auth.us-phoenix-1.oraclecloud.com/v1/x509"
    )
    given_endpoint = World(federation_endpoint="http://127.0.0.1:9/v1/x509", region="phx").resolve()
    assert urls(given_endpoint)[-1] == "http://127.0.0.1:9/v1/x509"
    assert len(given_endpoint.requests) == 4


def test_settings_that_cannot_be_right_are_refused_at_once() -> None:
    for options in (
        {"metadata_base_url": "169.254.169.254"},
        {"federation_endpoint": "auth"},
        {"region": "a b"},
    ):
        with pytest.raises(errors.InvalidSetting):
            World(**options)


@pytest.mark.parametrize("said", [b"", b"a b", b"../..", b"x" * 300, b"\xff\xfe", b"<html>"])
def test_a_region_that_is_none_is_malformed(said: bytes) -> None:
    world = World()
    world.cloud.wrong["/opc/v2/instance/region"] = [status(200, said)]
    flow = world.resolver.find_region(world.ambient)
    assert isinstance(drive(flow, world.cloud.answer).error, errors.MalformedReply)


# --- the metadata service -------------------------------------------------------------------------


def test_where_there_is_no_metadata_service_both_addresses_were_asked_once() -> None:
    world = World()
    driven = drive(
        world.resolver.resolve(world.ambient), lambda _: errors.APITimeoutError("too late")
    )
    assert isinstance(driven.error, errors.APIConnectionError)
    assert "OCI compute instances only" in driven.error.hint
    assert [request.host for request in driven.requests] == [
        "169.254.169.254",
        "[fd00:c1::a9fe:a9fe]",
    ]
    assert driven.pauses == []


def test_an_instance_without_ipv4_is_asked_at_its_other_address_from_then_on() -> None:
    world = World()

    def answer(request: Request) -> Any:
        if request.host == "169.254.169.254":
            return errors.APIConnectionError("no route")
        return world.cloud.answer(request)

    driven = drive(world.resolver.resolve(world.ambient), answer, world.ambient)
    assert driven.error is None
    assert [request.host for request in driven.requests].count("169.254.169.254") == 1


def test_a_given_metadata_service_is_the_only_one_asked() -> None:
    world = World(metadata_base_url="http://127.0.0.1:8/opc/v2/")
    assert urls(world.resolve())[0] == "http://127.0.0.1:8/opc/v2/identity/cert.pem"
    world = World(metadata_base_url="http://127.0.0.1:8/opc/v2")
    driven = drive(
        world.resolver.resolve(world.ambient), lambda _: errors.APIConnectionError("refused")
    )
    assert isinstance(driven.error, errors.APIConnectionError)
    assert len(driven.requests) == 1


@pytest.mark.parametrize("code", [404, 429, 500, 503])
@pytest.mark.parametrize("path", [CERTIFICATE, KEY, INTERMEDIATE, "/opc/v2/instance/region"])
def test_the_metadata_service_is_given_time(code: int, path: str) -> None:
    world = World()
    world.cloud.wrong[path] = [status(code), status(code)]
    driven = world.resolve()
    assert driven.error is None
    assert len(driven.pauses) == 2


def test_but_not_for_ever() -> None:
    world = World()
    world.cloud.wrong[CERTIFICATE] = [status(404)] * 100
    driven = world.resolve()
    assert isinstance(driven.error, errors.NotFoundError)
    assert "OCI compute instances only" in driven.error.hint
    assert len(driven.requests) < 10
    assert sum(driven.pauses) < 20


def test_a_metadata_service_that_has_answered_may_stumble_later() -> None:
    world = World()
    world.cloud.wrong[KEY] = [errors.APITimeoutError("too late")]
    assert world.resolve().error is None


@pytest.mark.parametrize("path", [CERTIFICATE, KEY, INTERMEDIATE])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        b"\x00\xff" * 100,
    ],
)
def test_an_answer_that_is_no_certificate_or_key_is_malformed(path: str, body: bytes) -> None:
    world = World()
    world.cloud.wrong[path] = [status(200, body)]
    driven = world.resolve()
    assert isinstance(driven.error, errors.MalformedReply)
    assert "AAAA" not in str(driven.error)
    assert world.resolve().error is None


def test_a_certificate_without_a_tenancy_or_with_another_kind_of_key_is_malformed() -> None:
    world = World()
    world.cloud.certify(None, "leaf")
    assert isinstance(world.resolve().error, errors.MalformedReply)

    elliptic = ec.generate_private_key(ec.SECP256R1())
    original = world.cloud.leaf
    changed = (
        x509.CertificateBuilder()
        .subject_name(original.subject)
        .issuer_name(original.issuer)
        .public_key(elliptic.public_key())
        .serial_number(original.serial_number)
        .not_valid_before(original.not_valid_before_utc)
        .not_valid_after(original.not_valid_after_utc)
        .sign(key("authority"), hashes.SHA256())
    )
    world.cloud.wrong[CERTIFICATE] = [status(200, changed.public_bytes(serialization.Encoding.PEM))]
    assert isinstance(world.resolve().error, errors.MalformedReply)


# cryptography warns of some damage, such as a negative serial number, and goes on.
@pytest.mark.filterwarnings("ignore::UserWarning")
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(changes=[(12, 7)])
@given(
    changes=st.lists(st.tuples(st.integers(0, 2000), st.integers(0, 255)), min_size=1, max_size=3)
)
def test_a_damaged_certificate_is_used_or_malformed(changes: list[tuple[int, int]]) -> None:
    """Nothing but typed errors, whichever bytes of the DER are wrong."""
    world = World()
    der = bytearray(world.cloud.leaf.public_bytes(serialization.Encoding.DER))
    for at, value in changes:
        der[at % len(der)] = value
    body = base64.encodebytes(bytes(der)).decode()
    text = f"-----BEGIN CERTIFICATE-----\n{body}-----END CERTIFICATE-----\n".encode()
    world.cloud.wrong[CERTIFICATE] = [status(200, text)] * 2
    driven = world.resolve()
    assert driven.error is None or isinstance(
        driven.error, (errors.MalformedReply, errors.AuthenticationError)
    )


# --- the auth service -----------------------------------------------------------------------------


@pytest.mark.parametrize("code", [429, 500, 503])
def test_the_auth_service_is_asked_again_with_a_fresh_signature(code: int) -> None:
    world = World()
    world.cloud.wrong[FEDERATION] = [status(code), errors.APITimeoutError("too late")]
    driven = world.resolve()
    assert driven.error is None
    asked = [request for request in driven.requests if request.target == FEDERATION]
    assert len(asked) == 3
    assert len({request.headers["opc-request-id"] for request in asked}) == 3
    assert len({request.body for request in asked}) == 1


@pytest.mark.parametrize(
    "body",
    [b"", b"no JSON", b"[]", b"null", b"{}", b'{"token": null}', b'{"token": 1}', b'{"token": ""}'],
)
def test_an_answer_without_a_token_is_malformed(body: bytes) -> None:
    world = World()
    world.cloud.wrong[FEDERATION] = [status(200, body)]
    assert isinstance(world.resolve().error, errors.MalformedReply)
    assert world.resolve().error is None


@pytest.mark.parametrize("code", [400, 403, 404])
def test_what_the_auth_service_refuses_is_a_status_error_that_names_it(code: int) -> None:
    world = World()
    world.cloud.wrong[FEDERATION] = [status(code, b'{"code": "C", "message": "No."}')]
    driven = world.resolve()
    assert isinstance(driven.error, errors.APIStatusError)
    assert driven.error.status == code
    assert "auth.us-ashburn-1.oraclecloud.com answered: No." in str(driven.error)


@settings(max_examples=60, deadline=None)
@given(
    bodies=st.dictionaries(
        st.sampled_from([CERTIFICATE, KEY, INTERMEDIATE, "/opc/v2/instance/region", FEDERATION]),
        st.binary(max_size=200),
        min_size=1,
    )
)
def test_whatever_the_services_say_the_error_is_ours(bodies: dict[str, bytes]) -> None:
    world = World()
    for path, body in bodies.items():
        world.cloud.wrong[path] = [status(200, body)]
    driven = world.resolve()
    # A region may be any label: one that no table has describes itself.
    assert driven.result is not None or isinstance(driven.error, errors.OcicatError)


# --- renewal --------------------------------------------------------------------------------------


def test_a_token_is_renewed_before_it_ends_and_no_call_fails() -> None:
    world = World()
    world.cloud.lifetime = 300.0
    for _ in range(40):
        assert world.call().result.status == 200
        world.ambient.time += 30.0
    assert set(world.cloud.calls) == {200}
    assert 4 <= world.cloud.log_ins <= 8


def test_a_revoked_token_costs_one_renewal() -> None:
    world = World()
    assert world.call().result.status == 200
    world.cloud.revoke()
    assert world.call().result.status == 200
    assert world.cloud.calls == [200, 401, 200]
    assert world.cloud.log_ins == 2


def test_a_renewal_that_fails_leaves_the_token_that_still_lives() -> None:
    world = World()
    first = world.resolve().result
    world.ambient.time += world.cloud.lifetime - 30
    world.cloud.wrong[FEDERATION] = [status(503)] * 4
    driven = world.resolve()
    assert driven.result is first
    world.ambient.time += 5
    assert world.resolve().result is not first


def test_every_token_has_a_key_of_its_own() -> None:
    world = World()
    first = world.resolve()
    one = world.cloud.bodies[FEDERATION]["publicKey"]
    world.resolve(first.result)
    assert world.cloud.bodies[FEDERATION]["publicKey"] != one


def test_no_secret_is_in_the_errors_or_the_repr() -> None:
    world = World()
    private = pem(world.cloud.leaf_key).splitlines()[1]
    world.cloud.wrong[FEDERATION] = [
        status(400, ('{"message": "bad ' + private * 3 + '"}').encode())
    ]
    driven = world.resolve()
    assert private not in str(driven.error)
    identity = world.resolve().result
    assert "ey" not in repr(identity).partition("with")[0]
    assert "ey" not in repr(world.resolver)


# --- over sockets ---------------------------------------------------------------------------------


both = pytest.mark.parametrize("models", [models_sync, models_async])
Models = Callable[[Emulator, InstancePrincipalResolver], int]
MODELS = "/20231130/models"


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def instance(emulator: Emulator) -> InstancePrincipalResolver:
    identity = emulator.identity
    return InstancePrincipalResolver(identity.metadata_url, identity.federation_endpoint)


@both
def test_an_instance_calls_the_emulator(emulator: Emulator, models: Models) -> None:
    resolver = instance(emulator)
    assert [models(emulator, resolver) for _ in range(3)] == [200] * 3
    assert asked(emulator, FEDERATION) == [200]
    assert emulator.ledger.last.principal == emulator.identity.instance_id


@both
def test_a_revoked_token_and_a_new_certificate_cost_one_renewal(
    emulator: Emulator, models: Models
) -> None:
    resolver = instance(emulator)
    assert models(emulator, resolver) == 200
    emulator.identity.revoke_all()
    emulator.identity.rotate_certificate()
    assert models(emulator, resolver) == 200
    assert asked(emulator, FEDERATION) == [200, 200]
    assert asked(emulator, MODELS) == [200, 401, 200]


@both
def test_tokens_that_live_briefly_are_renewed_without_a_failed_call(
    emulator: Emulator, models: Models
) -> None:
    emulator.identity.token_lifetime = 2.0
    resolver = instance(emulator)
    for _ in range(12):
        assert models(emulator, resolver) == 200
        time.sleep(0.25)
    assert set(asked(emulator, MODELS)) == {200}
    assert len(asked(emulator, FEDERATION)) >= 2


@both
def test_another_tenancy_is_noticed_over_sockets_too(emulator: Emulator, models: Models) -> None:
    resolver = instance(emulator)
    assert models(emulator, resolver) == 200
    emulator.identity.revoke_all()
    emulator.identity.rotate_certificate(tenancy_id="ocid1.tenancy.oc1..another")
    with pytest.raises(errors.ConfigurationError):
        models(emulator, resolver)


@both
def test_an_auth_service_that_stumbles_is_asked_again(emulator: Emulator, models: Models) -> None:
    emulator.identity.when(FEDERATION).fail(503).times(1)
    assert models(emulator, instance(emulator)) == 200
    assert asked(emulator, FEDERATION) == [503, 200]


@both
def test_where_nobody_listens_there_is_no_metadata_service(
    emulator: Emulator, models: Models
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    resolver = InstancePrincipalResolver(f"http://127.0.0.1:{port}/opc/v2")
    with pytest.raises(errors.APIConnectionError, match="no metadata service"):
        models(emulator, resolver)


def test_fifty_threads_that_meet_an_expired_token_log_in_once(emulator: Emulator) -> None:
    resolver = instance(emulator)
    assert models_sync(emulator, resolver) == 200
    emulator.identity.revoke_all()
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(models_sync(emulator, resolver)))
        for _ in range(50)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 50
    assert asked(emulator, FEDERATION) == [200, 200]


@pytest.mark.anyio
async def test_two_hundred_tasks_that_meet_an_expired_token_log_in_once(
    emulator: Emulator,
) -> None:
    resolver = instance(emulator)
    assert await models_in_task(emulator, resolver) == 200
    emulator.identity.revoke_all()
    statuses = await asyncio.gather(*(models_in_task(emulator, resolver) for _ in range(200)))
    assert statuses == [200] * 200
    assert asked(emulator, FEDERATION) == [200, 200]
