"""What becomes of tokens after they were issued."""

from __future__ import annotations

import pytest

from ocicat.emulator.identity.keys import shared_key
from ocicat.emulator.identity.tokens import TokenRefused, Tokens
from ocicat.emulator.principals import Issued, Principal

USER = Principal("user", "ocid1.user.oc1..a", "ocid1.tenancy.oc1..a")


def issue(tokens: Tokens, **more: float) -> Issued:
    key = shared_key("session").public_key()
    return tokens.issue("session", USER, {}, key=key, now=1000.5, lifetime=60, **more)


def test_a_token_is_found_until_it_expires() -> None:
    tokens = Tokens()
    token = issue(tokens)

    assert (token.expires, token.begun) == (1060, 1000.5)
    assert tokens.find(token.text, "session", 1059.9) is token
    with pytest.raises(TokenRefused, match="expired 0 seconds ago"):
        tokens.find(token.text, "session", 1060)
    with pytest.raises(TokenRefused, match="expired 1 seconds ago"):
        tokens.find(token.text, "session", token.expires + 1)


def test_a_token_is_good_for_its_purpose_only() -> None:
    tokens = Tokens()
    with pytest.raises(TokenRefused, match="a session token, not a delegation token"):
        tokens.find(issue(tokens).text, "delegation", 1001)


def test_a_revoked_token_is_bad_and_others_are_good() -> None:
    tokens = Tokens()
    revoked, kept = issue(tokens), issue(tokens)
    assert tokens.revoke(revoked.text)
    assert not tokens.revoke("unknown")

    with pytest.raises(TokenRefused, match="revoked"):
        tokens.find(revoked.text, "session", 1001)
    assert tokens.find(kept.text, "session", 1001) is kept

    tokens.revoke_all()
    with pytest.raises(TokenRefused, match="revoked"):
        tokens.find(kept.text, "session", 1001)
    later = issue(tokens)
    assert tokens.find(later.text, "session", 1001) is later
    assert tokens.issued() == [revoked, kept, later]


def test_an_unknown_token_is_told_from_one_of_another_emulator() -> None:
    foreign = issue(Tokens()).text
    with pytest.raises(TokenRefused, match="another emulator issued"):
        Tokens().find(foreign, "session", 1001)
    with pytest.raises(TokenRefused, match="did not issue the token: it is not a JWT"):
        Tokens().find("rubbish", "session", 1001)


def test_no_token_shows_in_a_repr() -> None:
    token = issue(Tokens())
    assert token.text not in repr(token)
