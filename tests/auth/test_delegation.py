"""Delegation: a principal that acts for a user, whose token is signed with each request."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ocicat import errors
from ocicat.auth.delegation import DelegationResolver
from ocicat.auth.instance import InstancePrincipalResolver
from ocicat.auth.resource import ResourcePrincipalResolver
from ocicat.emulator import Emulator
from ocicat.signing.verify import verify
from ocicat.vocabulary.flow import Request
from support.flows import Stopped
from support.principals import (
    Cloud,
    Driven,
    asked,
    call_models,
    drive,
    jwt,
    models_async,
    models_sync,
)

MODELS = "/20231130/models"
TOKEN = jwt(sub="a user")


class World:
    """A stopped clock, a cloud on it, and an instance that acts for a user."""

    def __init__(self, **token: Any) -> None:
        self.ambient = Stopped()
        self.cloud = Cloud(self.ambient.now)
        self.resolver = DelegationResolver(InstancePrincipalResolver(), **token)

    def resolve(self, refused: Any = None) -> Driven:
        flow = self.resolver.resolve(self.ambient, refused)
        return drive(flow, self.cloud.answer, self.ambient)

    def call(self) -> Driven:
        flow = call_models(self.resolver, "api.example", self.ambient)
        return drive(flow, self.cloud.answer, self.ambient)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_token_is_sent_and_signed(method: str) -> None:
    world = World(token=f" {TOKEN}\n")
    identity = world.resolve().result
    request = Request(method, "https", "h.example", "/p", {"host": "h.example"}, b"")
    identity.authorize(request, world.ambient.now())
    assert request.headers["opc-obo-token"] == TOKEN
    keys = world.cloud.keys.get
    verified = verify(method, "/p", request.headers, b"", keys=keys, now=world.ambient.now())
    assert verified.signed_headers[:4] == ("date", "(request-target)", "host", "opc-obo-token")


def test_the_principals_own_log_in_does_not_carry_the_token() -> None:
    driven = World(token=TOKEN).call()
    assert driven.result.status == 200
    carrying = [request.target for request in driven.requests if "opc-obo-token" in request.headers]
    assert carrying == [MODELS]


def test_a_401_renews_the_principal_once() -> None:
    world = World(token=TOKEN)
    assert world.call().result.status == 200
    world.cloud.revoke()
    assert world.call().result.status == 200
    assert world.cloud.calls == [200, 401, 200]
    assert world.cloud.log_ins == 2


def test_a_token_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    path = tmp_path / "obo"
    path.write_text("first\n")
    world = World(token_file=str(path))
    assert world.call().requests[-1].headers["opc-obo-token"] == "first"
    path.write_text("another\n")
    driven = world.call()
    assert driven.requests[-1].headers["opc-obo-token"] == "another"
    assert len(driven.requests) == 1


def test_a_token_that_was_refused_and_has_changed_needs_no_log_in(tmp_path: Path) -> None:
    path = tmp_path / "obo"
    path.write_text("first")
    world = World(token_file=str(path))
    refused = world.resolve().result
    path.write_text("another")
    assert world.resolve(refused).requests == []
    assert world.resolve(world.resolve().result).requests != []


def test_a_user_without_a_token_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(errors.MissingSetting) as caught:
        World()
    assert "delegation_token_file" in str(caught.value)
    for token in ("a\nb: secret", "\u20ac", "   "):
        with pytest.raises(errors.InvalidSetting) as wrong:
            World(token=token)
        assert "secret" not in str(wrong.value)
    path = tmp_path / "obo"
    world = World(token_file=str(path))
    for content in (None, b"", b"a secret", b"\xff"):
        if content is not None:
            path.write_bytes(content)
        error = world.resolve().error
        assert isinstance(error, errors.ConfigurationError)
        assert str(path) in str(error)
        assert "a secret" not in str(error)


def test_a_principal_that_cannot_be_found_fails_as_it_does_alone() -> None:
    world = World(token=TOKEN)
    driven = drive(
        world.resolver.resolve(world.ambient), lambda _: errors.APIConnectionError("refused")
    )
    assert isinstance(driven.error, errors.APIConnectionError)


def test_the_token_does_not_show() -> None:
    world = World(token=TOKEN)
    identity = world.resolve().result
    assert TOKEN not in repr(identity)
    assert TOKEN not in repr(world.resolver)
    with pytest.raises(TypeError):
        pickle.dumps(identity)


# --- over sockets ---------------------------------------------------------------------------------


@pytest.mark.parametrize("models", [models_sync, models_async])
@pytest.mark.parametrize("principal", ["instance", "resource"])
def test_a_principal_calls_the_emulator_for_a_user(
    models: Callable[[Emulator, DelegationResolver], int], principal: str
) -> None:
    with Emulator() as emulator:
        identity = emulator.identity
        found: Any = (
            InstancePrincipalResolver(identity.metadata_url, identity.federation_endpoint)
            if principal == "instance"
            else ResourcePrincipalResolver(identity.resource_environment("2.1.1"))
        )
        user = identity.user_id
        resolver = DelegationResolver(found, token=identity.delegation_token())
        assert models(emulator, resolver) == 200
        assert emulator.ledger.last.on_behalf_of == user
        assert emulator.ledger.last.principal != user
        refused = DelegationResolver(found, token=jwt(sub="nobody"))
        assert models(emulator, refused) == 401
        assert asked(emulator, MODELS) == [200, 401, 401]
