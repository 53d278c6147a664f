"""Resource principals in all their versions: what the environment must say, and what is sent."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ocicat import errors
from ocicat.auth.instance import InstancePrincipalResolver
from ocicat.auth.resource import ResourcePrincipalResolver
from ocicat.emulator import Emulator
from ocicat.vocabulary.flow import Response
from support.flows import Stopped
from support.principals import (
    RESOURCE,
    TENANCY,
    Cloud,
    Driven,
    call_models,
    drive,
    jwt,
    key,
    models_async,
    models_sync,
    pem,
)

P = "OCI_RESOURCE_PRINCIPAL_"
EXCHANGE = "/v1/resourcePrincipalSessionToken"
ENDPOINTS = {f"{P}RPT_ENDPOINT": "https://rpt.example", f"{P}RPST_ENDPOINT": "https://rpst.example"}
KEY_PAIR = {
    **ENDPOINTS,
    f"{P}RESOURCE_ID": RESOURCE,
    f"{P}TENANCY_ID": TENANCY,
    f"{P}PRIVATE_PEM": pem(key("resource")),
}


def leafy(variables: dict[str, str]) -> dict[str, str]:
    """The same variables of the innermost resource, in another that surrounds it."""
    return {f"{name}_FOR_LEAF_RESOURCE": value for name, value in variables.items()} | {
        f"{P}VERSION": "3.0",
        f"{P}RPT_URL_FOR_PARENT_RESOURCE": "https://parent.example/parents/1",
        f"{P}RPST_ENDPOINT_FOR_PARENT_RESOURCE": "https://parent.example",
    }


class World:
    """A stopped clock, and a cloud on it that knows the resource's key."""

    def __init__(self) -> None:
        self.ambient = Stopped()
        self.cloud = Cloud(self.ambient.now)
        public = key("resource").public_key()
        self.cloud.keys |= {
            f"resource/v2.1/{RESOURCE}": public,
            f"resource/v2.1.1/{TENANCY}/{RESOURCE}": public,
            f"resource/v2.1.2/{TENANCY}/{RESOURCE}": public,
        }

    def token(self, lifetime: float = 1200.0) -> str:
        """A token for the resource's key, as the platform gives it."""
        now = self.ambient.now()
        token = jwt(iat=now, exp=now + lifetime)
        self.cloud.keys[f"ST${token}"] = key("resource").public_key()
        return token

    def call(self, resolver: ResourcePrincipalResolver) -> Driven:
        flow = call_models(resolver, "api.example", self.ambient)
        return drive(flow, self.cloud.answer, self.ambient)


def resolve(resolver: ResourcePrincipalResolver, world: World) -> Driven:
    return drive(resolver.resolve(world.ambient), world.cloud.answer, world.ambient)


def urls(driven: Driven) -> list[str]:
    return [request.url for request in driven.requests]


# --- 2.2 ------------------------------------------------------------------------------------------


def test_2_2_takes_token_and_key_as_they_are() -> None:
    world = World()
    resolver = ResourcePrincipalResolver(
        {
            f"{P}VERSION": "2.2",
            f"{P}RPST": world.token() + "\n",
            f"{P}PRIVATE_PEM": pem(key("resource"), "a phrase"),
            f"{P}PRIVATE_PEM_PASSPHRASE": "a phrase",
        }
    )
    driven = world.call(resolver)
    assert driven.result.status == 200
    assert len(driven.requests) == 1


def files(tmp_path: Path, world: World, lifetime: float = 1200.0) -> dict[str, str]:
    """The environment of a function, whose platform writes new files in time."""
    (tmp_path / "rpst").write_text(world.token(lifetime) + "\n")
    (tmp_path / "key.pem").write_text(pem(key("resource"), "a phrase"))
    (tmp_path / "phrase").write_text("a phrase\n")
    return {
        f"{P}VERSION": "2.2",
        f"{P}RPST": str(tmp_path / "rpst"),
        f"{P}PRIVATE_PEM": str(tmp_path / "key.pem"),
        f"{P}PRIVATE_PEM_PASSPHRASE": str(tmp_path / "phrase"),
    }


def test_2_2_reads_files_again_before_the_token_ends(tmp_path: Path) -> None:
    world = World()
    resolver = ResourcePrincipalResolver(files(tmp_path, world, 600.0))
    assert world.call(resolver).result.status == 200
    world.ambient.time += 400
    files(tmp_path, world, 600.0)
    world.ambient.time += 199
    del world.cloud.keys[next(name for name in world.cloud.keys if name.startswith("ST$"))]
    assert world.call(resolver).result.status == 200
    assert world.cloud.calls == [200, 200]


def test_2_2_counts_only_what_is_left_of_a_token_issued_long_ago(tmp_path: Path) -> None:
    world = World()
    environment = files(tmp_path, world, 600.0)
    world.ambient.time += 590
    resolver = ResourcePrincipalResolver(environment)
    assert world.call(resolver).result.status == 200
    files(tmp_path, world, 600.0)
    world.ambient.time += 9
    world.cloud.keys.pop(next(name for name in world.cloud.keys if name.startswith("ST$")))
    assert world.call(resolver).result.status == 200
    assert world.cloud.calls == [200, 200]


def test_2_2_reads_files_again_after_a_401(tmp_path: Path) -> None:
    world = World()
    resolver = ResourcePrincipalResolver(files(tmp_path, world))
    assert world.call(resolver).result.status == 200
    world.cloud.revoke()
    world.ambient.time += 1
    files(tmp_path, world)
    assert world.call(resolver).result.status == 200
    assert world.cloud.calls == [200, 401, 200]


def test_2_2_does_not_try_again_with_a_token_that_cannot_change() -> None:
    world = World()
    resolver = ResourcePrincipalResolver(
        {f"{P}VERSION": "2.2", f"{P}RPST": jwt(), f"{P}PRIVATE_PEM": pem(key("resource"))}
    )
    assert world.call(resolver).result.status == 401
    assert world.cloud.calls == [401]


@pytest.mark.parametrize("missing", ["rpst", "key.pem", "phrase"])
def test_2_2_names_a_file_that_is_missing_and_its_variable(tmp_path: Path, missing: str) -> None:
    world = World()
    environment = files(tmp_path, world)
    (tmp_path / missing).unlink()
    error = resolve(ResourcePrincipalResolver(environment), world).error
    assert isinstance(error, errors.ConfigurationError)
    assert str(tmp_path / missing) in str(error)
    assert "OCI_RESOURCE_PRINCIPAL_" in str(error)


@pytest.mark.parametrize(
    ("name", "content", "kind"),
    [
        ("rpst", "", errors.InvalidSetting),
        ("rpst", pem(key("resource")), errors.InvalidSetting),
        ("key.pem", "no key", errors.InvalidKey),
        ("phrase", "another phrase", errors.WrongPassphrase),
    ],
)
def test_2_2_does_not_send_what_is_no_token_or_key(
    tmp_path: Path, name: str, content: str, kind: type[errors.OcicatError]
) -> None:
    world = World()
    environment = files(tmp_path, world)
    (tmp_path / name).write_text(content)
    error = resolve(ResourcePrincipalResolver(environment), world).error
    assert isinstance(error, kind)
    assert str(tmp_path) in str(error)
    if content:
        assert content not in str(error)


# --- 2.1 ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("version", "path", "key_id"),
    [
        ("2.1", "resourcePrincipalTokenV2", f"resource/v2.1/{RESOURCE}"),
        ("2.1.1", "resourcePrincipalTokenV2", f"resource/v2.1.1/{TENANCY}/{RESOURCE}"),
        ("2.1.2", "resourcePrincipalTokenV212", f"resource/v2.1.2/{TENANCY}/{RESOURCE}"),
    ],
)
def test_2_1_logs_in_with_a_key_of_its_own(version: str, path: str, key_id: str) -> None:
    world = World()
    driven = world.call(ResourcePrincipalResolver({**KEY_PAIR, f"{P}VERSION": version}))
    assert driven.result.status == 200
    assert urls(driven)[:2] == [
        f"https://rpt.example/20180711/{path}/{RESOURCE}",
        f"https://rpst.example{EXCHANGE}",
    ]
    for request in driven.requests[:2]:
        assert f'keyId="{key_id}"' in request.headers["authorization"]
        assert "security-context" not in request.headers
    body = world.cloud.bodies[EXCHANGE]
    assert set(body) == {
        "resourcePrincipalToken",
        "servicePrincipalSessionToken",
        "sessionPublicKey",
    }


@pytest.mark.parametrize(
    ("given_path", "path"),
    [
        ("/own/path", f"/own/path/{RESOURCE}"),
        ("/own/path/", f"/own/path/{RESOURCE}"),
        ("/own/{}", f"/own/{RESOURCE}"),
    ],
)
def test_2_1_2_has_a_path_and_a_security_context_of_its_own(given_path: str, path: str) -> None:
    world = World()
    environment = {
        **KEY_PAIR,
        f"{P}VERSION": "2.1.2",
        f"{P}RPT_PATH": given_path,
        f"{P}SECURITY_CONTEXT": "the context",
    }
    driven = world.call(ResourcePrincipalResolver(environment))
    assert driven.result.status == 200
    assert driven.requests[0].target == path
    assert driven.requests[0].headers["security-context"] == "the context"
    assert "security-context" not in driven.requests[1].headers


def test_2_1_reads_its_key_again_for_each_log_in(tmp_path: Path) -> None:
    world = World()
    path = tmp_path / "key.pem"
    path.write_text(pem(key("an old one")))
    environment = {**KEY_PAIR, f"{P}VERSION": "2.1", f"{P}PRIVATE_PEM": str(path)}
    resolver = ResourcePrincipalResolver(environment)
    assert isinstance(resolve(resolver, world).error, errors.AuthenticationError)
    path.write_text(pem(key("resource")))
    assert world.call(resolver).result.status == 200


# --- 1.1 ------------------------------------------------------------------------------------------


def test_1_1_asks_as_the_instance() -> None:
    world = World()
    resolver = ResourcePrincipalResolver({**ENDPOINTS, f"{P}VERSION": "1.1"})
    driven = world.call(resolver)
    assert driven.result.status == 200
    asked = [request for request in driven.requests if "169.254" not in request.host]
    assert [request.url.partition("ocid1")[0] for request in asked] == [
        "https://auth.us-ashburn-1.oraclecloud.com/v1/x509",
        "https://rpt.example/20180711/resourcePrincipalToken/",
        f"https://rpst.example{EXCHANGE}",
        "http://api.example/20231130/models",
    ]
    assert asked[1].target.endswith("i" * 52)
    assert 'keyId="ST$' in asked[1].headers["authorization"]


def test_1_1_takes_id_and_path_from_the_environment_and_the_exchange_from_the_region() -> None:
    world = World()
    resolver = ResourcePrincipalResolver(
        {
            f"{P}VERSION": "1.1",
            f"{P}RPT_ENDPOINT": "https://rpt.example/base/",
            f"{P}RPT_PATH": "/own/{id}/token",
            f"{P}RPT_ID": RESOURCE,
            "OCI_METADATA_BASE_URL": "http://127.0.0.1:7/opc/v2",
        }
    )
    driven = resolve(resolver, world)
    assert f"https://rpt.example/base/own/{RESOURCE}/token" in urls(driven)
    assert not any("instance/id" in url for url in urls(driven))
    assert urls(driven)[0].startswith("http://127.0.0.1:7/opc/v2/")

    world.cloud.wrong["/base/own"] = [Response(200, {}, json.dumps(TWO).encode())]
    driven = resolve(resolver, world)
    assert urls(driven)[-1] == f"https://auth.us-ashburn-1.oraclecloud.com{EXCHANGE}"
    assert driven.error is None


TWO = {"resourcePrincipalToken": "rpt", "servicePrincipalSessionToken": "spst"}


def test_1_1_renews_the_instance_if_its_token_was_refused() -> None:
    world = World()
    resolver = ResourcePrincipalResolver({**ENDPOINTS, f"{P}VERSION": "1.1"})
    assert world.call(resolver).result.status == 200
    world.cloud.revoke()
    assert world.call(resolver).result.status == 200
    assert world.cloud.calls == [200, 401, 200]
    assert world.cloud.log_ins == 4  # twice the instance, twice the resource


# --- 3.0 ------------------------------------------------------------------------------------------


LEAVES: dict[str, dict[str, str]] = {
    "1.1": ENDPOINTS,
    "2.1": KEY_PAIR,
    "2.1.1": KEY_PAIR,
    "2.1.2": KEY_PAIR,
}


@pytest.mark.parametrize("version", [*LEAVES, "2.2"])
def test_3_0_starts_from_every_other_version_and_climbs_to_the_outermost(version: str) -> None:
    world = World()
    own = LEAVES.get(version) or {
        f"{P}RPST": world.token(),
        f"{P}PRIVATE_PEM": pem(key("resource")),
    }
    world.cloud.parents = {
        "/parents/1": "https://parent.example/parents/2",
        "/parents/2": "https://other.example/parents/3?a=b",
    }
    driven = world.call(ResourcePrincipalResolver(leafy({**own, f"{P}VERSION": version})))
    assert driven.result.status == 200
    assert urls(driven)[-7:] == [
        "https://parent.example/parents/1",
        f"https://parent.example{EXCHANGE}",
        "https://parent.example/parents/2",
        f"https://parent.example{EXCHANGE}",
        "https://other.example/parents/3?a=b",
        f"https://parent.example{EXCHANGE}",
        "http://api.example/20231130/models",
    ]
    authorizations = [request.headers["authorization"] for request in driven.requests[-7:]]
    signed_by = [text.partition('keyId="')[2].partition('"')[0] for text in authorizations]
    assert len(set(signed_by)) == 4  # the leaf and its parents, each twice but the last


@pytest.mark.parametrize(
    "following",
    [
        "https://parent.example/parents/1",
        "http://parent.example/parents/2",
        "nonsense",
        "https://u:p@parent.example/",
    ],
)
def test_3_0_does_not_follow_circles_or_bad_addresses(following: str) -> None:
    world = World()
    world.cloud.parents = {"/parents/1": following}
    resolver = ResourcePrincipalResolver(leafy({**KEY_PAIR, f"{P}VERSION": "2.1"}))
    assert isinstance(resolve(resolver, world).error, errors.MalformedReply)


def test_3_0_has_an_end() -> None:
    world = World()
    world.cloud.parents = {
        f"/parents/{n}": f"https://parent.example/parents/{n + 1}" for n in range(1, 50)
    }
    resolver = ResourcePrincipalResolver(leafy({**KEY_PAIR, f"{P}VERSION": "2.1"}))
    driven = resolve(resolver, world)
    assert isinstance(driven.error, errors.MalformedReply)
    assert len([url for url in urls(driven) if "/parents/" in url]) == 10


# --- what is missing or wrong ---------------------------------------------------------------------


def needed(version: str) -> list[str]:
    return {
        "1.1": [f"{P}RPT_ENDPOINT"],
        "2.1": [name for name in KEY_PAIR if name != f"{P}TENANCY_ID"],
        "2.1.1": list(KEY_PAIR),
        "2.1.2": list(KEY_PAIR),
        "2.2": [f"{P}RPST", f"{P}PRIVATE_PEM"],
    }[version]


ALL = {**KEY_PAIR, f"{P}RPST": jwt(exp=9e9)}


@pytest.mark.parametrize("version", ["1.1", "2.1", "2.1.1", "2.1.2", "2.2"])
@pytest.mark.parametrize("nested", [False, True])
def test_every_variable_that_is_missing_is_named(version: str, nested: bool) -> None:
    environment = {**ALL, f"{P}VERSION": version}
    for name in needed(version):
        for nothing in (None, "", "  "):
            lacking = {**environment, name: nothing or ""}
            if nothing is None:
                del lacking[name]
            suffix = "_FOR_LEAF_RESOURCE" if nested else ""
            with pytest.raises(errors.MissingSetting) as caught:
                ResourcePrincipalResolver(leafy(lacking) if nested else lacking)
            assert caught.value.setting == name + suffix
            assert name + suffix in str(caught.value)


def test_versions_that_are_missing_or_unknown_are_named() -> None:
    with pytest.raises(errors.MissingSetting) as caught:
        ResourcePrincipalResolver({})
    assert caught.value.setting == f"{P}VERSION"
    for environment in ({f"{P}VERSION": "4.0"}, leafy({**ALL, f"{P}VERSION": "3.0"})):
        with pytest.raises(errors.InvalidSetting) as wrong:
            ResourcePrincipalResolver(environment)
        assert "2.1.2" in str(wrong.value)
    for name in ("RPT_URL", "RPST_ENDPOINT"):
        environment = leafy({**ALL, f"{P}VERSION": "2.2"})
        del environment[f"{P}{name}_FOR_PARENT_RESOURCE"]
        with pytest.raises(errors.MissingSetting) as caught:
            ResourcePrincipalResolver(environment)
        assert caught.value.setting == f"{P}{name}_FOR_PARENT_RESOURCE"


@pytest.mark.parametrize(
    ("version", "name", "value"),
    [
        ("2.1", "RPT_ENDPOINT", "rpt.example"),
        ("2.1", "RPST_ENDPOINT", "https://user:secret@h"),
        ("2.1", "RESOURCE_ID", "a/b"),
        ("2.1.1", "TENANCY_ID", 'a"b'),
        ("2.1.2", "RPT_PATH", "no slash"),
        ("2.1.2", "SECURITY_CONTEXT", "a\nb: secret"),
        ("1.1", "RPT_PATH", "own/{id}"),
        ("1.1", "RPT_ID", "a b"),
    ],
)
def test_variables_that_cannot_be_right_are_named(version: str, name: str, value: str) -> None:
    with pytest.raises(errors.InvalidSetting) as caught:
        ResourcePrincipalResolver({**ALL, f"{P}VERSION": version, P + name: value})
    assert caught.value.setting == P + name
    assert "secret" not in str(caught.value)


@settings(max_examples=150, deadline=None)
@given(
    version=st.sampled_from(["1.1", "2.1", "2.1.2", "2.2", "3.0"]),
    values=st.dictionaries(
        st.sampled_from(sorted(ALL)), st.text(max_size=30).filter(lambda text: "/" not in text)
    ),
)
def test_any_environment_makes_an_identity_or_an_error_of_ours(
    version: str, values: dict[str, str]
) -> None:
    world = World()
    try:
        resolver = ResourcePrincipalResolver({**ALL, **values, f"{P}VERSION": version})
    except errors.ConfigurationError:
        return
    driven = resolve(resolver, world)
    assert driven.error is None or isinstance(driven.error, errors.OcicatError)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*TWO, "token"]), inner, max_size=3)
    ),
)


@settings(max_examples=150, deadline=None)
@given(first=ANY, second=ANY)
def test_answers_of_any_shape_make_an_identity_or_an_error_of_ours(first: Any, second: Any) -> None:
    world = World()
    world.cloud.wrong["/20180711/"] = [Response(200, {}, json.dumps(first).encode())]
    world.cloud.wrong[EXCHANGE] = [Response(200, {}, json.dumps(second).encode())]
    driven = resolve(ResourcePrincipalResolver({**KEY_PAIR, f"{P}VERSION": "2.1"}), world)
    assert driven.result is not None or isinstance(driven.error, errors.MalformedReply)


@pytest.mark.parametrize("path", ["/20180711/", EXCHANGE])
def test_busy_services_are_asked_again_and_refusals_are_told(path: str) -> None:
    world = World()
    resolver = ResourcePrincipalResolver({**KEY_PAIR, f"{P}VERSION": "2.1"})
    world.cloud.wrong[path] = [Response(503, {}), errors.APIConnectionError("reset")]
    driven = resolve(resolver, world)
    assert driven.error is None
    assert len(driven.pauses) == 2

    world.cloud.wrong[path] = [Response(403, {}, b'{"message": "No."}')]
    error = resolve(ResourcePrincipalResolver({**KEY_PAIR, f"{P}VERSION": "2.1"}), world).error
    assert isinstance(error, errors.PermissionDeniedError)
    assert ".example answered: No." in str(error)
    assert "policy" in error.hint


def test_neither_resolver_nor_identity_shows_a_secret() -> None:
    world = World()
    token = world.token()
    resolver = ResourcePrincipalResolver(
        {f"{P}VERSION": "2.2", f"{P}RPST": token, f"{P}PRIVATE_PEM": pem(key("resource"))}
    )
    identity = resolve(resolver, world).result
    for shown in (repr(resolver), repr(identity), repr(resolver.__dict__)):
        assert token not in shown
        assert "PRIVATE KEY" not in shown


# --- over sockets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("models", [models_sync, models_async])
@pytest.mark.parametrize("version", ["1.1", "2.1", "2.1.1", "2.1.2", "2.2"])
def test_a_resource_calls_the_emulator(
    models: Callable[[Emulator, ResourcePrincipalResolver], int], version: str
) -> None:
    with Emulator() as emulator:
        identity = emulator.identity
        resolver = ResourcePrincipalResolver(
            identity.resource_environment(version),
            instance=InstancePrincipalResolver(identity.metadata_url, identity.federation_endpoint),
        )
        assert models(emulator, resolver) == 200
        assert emulator.ledger.last.principal == identity.resource_id
        identity.revoke_all()
        # Only a token that stands in the environment itself cannot be had again.
        assert models(emulator, resolver) == (401 if version == "2.2" else 200)


@pytest.mark.parametrize("models", [models_sync, models_async])
def test_a_resource_within_others_calls_the_emulator(
    models: Callable[[Emulator, ResourcePrincipalResolver], int],
) -> None:
    with Emulator() as emulator:
        identity = emulator.identity
        parents = ["ocid1.parent.oc1..one", "ocid1.parent.oc1..two"]
        identity.add_parent(identity.resource_id, parents[0])
        identity.add_parent(parents[0], parents[1])
        environment = leafy(identity.resource_environment("2.1.1")) | {
            f"{P}RPT_URL_FOR_PARENT_RESOURCE": (
                f"{emulator.url}/20180711/resourcePrincipalToken/{parents[0]}"
            ),
            f"{P}RPST_ENDPOINT_FOR_PARENT_RESOURCE": emulator.url,
        }
        assert models(emulator, ResourcePrincipalResolver(environment)) == 200
        assert emulator.ledger.last.principal == parents[1]
