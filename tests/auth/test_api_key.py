"""Generative AI API keys: where they go, and where they never appear."""

from __future__ import annotations

import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ocicat.auth.api_key import ApiKeyResolver
from ocicat.errors import InvalidSetting, UnsupportedFeature
from ocicat.vocabulary.flow import Request
from support.flows import Stopped, feed

KEY = "sk-Secret.0123_456-789"


def identity(key: str = KEY) -> Any:
    fed = feed(ApiKeyResolver(key).resolve(Stopped()), [])
    assert fed.requests == []
    return fed.result


def request(target: str, **headers: str) -> Request:
    return Request("POST", "https", "h", target, {"host": "h", **headers}, b"{}")


@pytest.mark.parametrize(
    "target",
    [
        "/openai/v1/chat/completions",
        "/20231130/actions/v1/chat/completions",
        "/20231130/openai/v1/vector_stores",
        "/google/v1/models/x:generateContent?alt=sse",
        "/behind/a/gateway/openai/v1/models",
    ],
)
def test_the_key_goes_as_a_bearer_token_to_the_compatible_surfaces(target: str) -> None:
    made = request(target)
    identity(f"  {KEY}\n").authorize(made, 0.0)
    assert made.headers == {"host": "h", "authorization": f"Bearer {KEY}"}


@pytest.mark.parametrize(
    "target",
    [
        "/20231130/actions/chat",
        "/20231130/actions/embedText",
        "/20231130/models?compartmentId=x",
        "/prefix/20231130/actions/rerankText",
        "/20231130/actions/chat?x=/actions/v1/",
    ],
)
def test_the_native_api_is_refused_naming_transport(target: str) -> None:
    made = request(target)
    with pytest.raises(UnsupportedFeature) as caught:
        identity().authorize(made, 0.0)
    assert caught.value.parameter == "transport"
    assert "authorization" not in made.headers
    assert KEY not in str(caught.value)


def test_a_signature_never_goes_along() -> None:
    made = request(
        "/openai/v1/responses",
        authorization='Signature version="1"',
        **{"date": "now", "x-content-sha256": "x", "opc-obo-token": "o"},
    )
    identity().authorize(made, 0.0)
    assert made.headers == {"host": "h", "authorization": f"Bearer {KEY}"}


def test_a_refused_key_is_not_asked_for_again() -> None:
    assert identity().renewable is False


def test_the_key_is_shown_nowhere() -> None:
    found = identity()
    assert KEY not in repr(found)
    assert KEY not in repr(ApiKeyResolver(KEY))
    with pytest.raises(TypeError) as caught:
        pickle.dumps(found)
    assert KEY not in str(caught.value)


@pytest.mark.parametrize("key", ["", "  ", "sk-a b", "sk-a\r\nx: y", "sk-ä", 'sk-"'])
def test_what_no_key_can_be_is_refused_without_repeating_it(key: str) -> None:
    with pytest.raises(InvalidSetting) as caught:
        ApiKeyResolver(key)
    assert caught.value.setting == "api_key"
    assert not key.strip() or key not in str(caught.value)


@given(st.text())
def test_any_text_is_a_key_that_fits_a_header_or_a_typed_error(key: str) -> None:
    try:
        found = identity(key)
    except InvalidSetting:
        return
    made = request("/openai/v1/models")
    found.authorize(made, 0.0)
    value = made.headers["authorization"]
    assert value.isascii()
    assert value.isprintable()
