"""The receiving half of request signing: what it accepts, and what it says about the rest."""

from __future__ import annotations

import ast
import base64
import hashlib
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given, settings
from hypothesis import strategies as st

from ocicat.signing import verify as module
from ocicat.signing.verify import SignatureRefused, Verified, read_key_id, verify
from support.signing_cases import NOW, SigningCase, load_cases, private_key_pem, public_key

INCOMPLETE = (
    "The required information to complete authentication was not provided or was incorrect."
)
MISMATCH = "Failed to verify the HTTP(S) Signature"

CASES = load_cases()
BY_NAME = {case.name.split("_")[0]: case for case in CASES}
PUBLIC_KEY = public_key()

TENANCY = "ocid1.tenancy.oc1..aaaaaaaatesttenancy"
USER = "ocid1.user.oc1..aaaaaaaatestuser"
KEY_ID = BY_NAME["v1"].key_id


def load_private_key() -> rsa.RSAPrivateKey:
    key = load_pem_private_key(private_key_pem(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


PRIVATE_KEY = load_private_key()


def known(key_id: str) -> rsa.RSAPublicKey | None:
    return PUBLIC_KEY if key_id in {case.key_id for case in CASES} else None


@dataclass(frozen=True)
class Received:
    """A request as the receiver sees it. ``headers`` has the authorization too."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""
    host_required: bool = True
    body_headers_required: bool = True
    now: float = NOW

    def with_headers(self, **changes: str) -> Received:
        """Set headers (``_`` stands for ``-``)."""
        changed = {name.replace("_", "-"): value for name, value in changes.items()}
        return replace(self, headers={**self.headers, **changed})

    def without(self, name: str) -> Received:
        return replace(self, headers={k: v for k, v in self.headers.items() if k != name})

    def with_parameter(self, name: str, value: str) -> Received:
        return self.with_headers(authorization=render({**self.parameters, name: value}))

    @property
    def parameters(self) -> dict[str, str]:
        pairs = self.headers["authorization"].removeprefix("Signature ").split('",')
        return {p.split('="')[0]: p.split('="')[1].rstrip('"') for p in pairs}


def render(parameters: dict[str, str], separator: str = ",") -> str:
    return "Signature " + separator.join(f'{name}="{value}"' for name, value in parameters.items())


def received(case: SigningCase) -> Received:
    return Received(
        case.method,
        case.target,
        {**case.headers, "authorization": case.authorization},
        case.body,
        host_required=case.name != "v8_federation_without_host",
        body_headers_required=case.name != "v5_put_without_content_headers",
    )


def check(request: Received) -> Verified:
    return verify(
        request.method,
        request.target,
        request.headers,
        request.body,
        keys=known,
        now=request.now,
        host_required=request.host_required,
        body_headers_required=request.body_headers_required,
    )


def refusal(request: Received) -> SignatureRefused:
    with pytest.raises(SignatureRefused) as caught:
        check(request)
    assert caught.value.status == 401
    assert caught.value.code == "NotAuthenticated"
    return caught.value


@dataclass
class Client:
    """Signs whatever it is told to sign, however wrong, with the throwaway key."""

    method: str = "POST"
    target: str = "/20231130/actions/chat"
    body: bytes = b"{}"
    key_id: str = KEY_ID
    names: str = "date (request-target) host content-length content-type x-content-sha256"
    headers: dict[str, str] = field(default_factory=dict)
    drop: tuple[str, ...] = ()

    def send(self) -> Received:
        digest = base64.b64encode(hashlib.sha256(self.body).digest()).decode()
        headers = {
            "date": "Sat, 21 Nov 2026 12:00:00 GMT",
            "host": "127.0.0.1:8080",
            "content-length": str(len(self.body)),
            "content-type": "application/json",
            "x-content-sha256": digest,
            **self.headers,
        }
        lines = []
        for name in self.names.lower().split(" "):
            value = headers.get(name, "")
            if name == "(request-target)":
                value = f"{self.method.lower()} {self.target}"
            lines.append(f"{name}: {value}")
        text = "\n".join(lines).encode("utf-8", "surrogatepass")
        signature = PRIVATE_KEY.sign(text, padding.PKCS1v15(), hashes.SHA256())
        headers["authorization"] = render(
            {
                "algorithm": "rsa-sha256",
                "headers": self.names,
                "keyId": self.key_id,
                "signature": base64.b64encode(signature).decode(),
                "version": "1",
            }
        )
        sent = {name: value for name, value in headers.items() if name not in self.drop}
        return Received(self.method, self.target, sent, self.body)


CHAT = Client().send()


# What is accepted


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_golden_case_verifies(case: SigningCase) -> None:
    """The signing string is rebuilt byte for byte, and the names come back in lower case."""
    verified = check(received(case))
    assert verified.signing_string == case.signing_string
    digest = hashlib.sha256(verified.signing_string.encode()).hexdigest()
    assert digest == case.signing_string_sha256
    assert list(verified.signed_headers) == [name.lower() for name in case.signed_headers]
    assert verified.key_id.text == case.key_id
    assert verified.date == NOW


def test_all_nine_golden_cases_are_there() -> None:
    assert [case.name.split("_")[0] for case in CASES] == [f"v{n}" for n in range(1, 10)]


@pytest.mark.parametrize("separator", [",", ", ", ",   "])
@pytest.mark.parametrize("reverse", [False, True])
def test_parameters_are_read_by_name_in_any_order(separator: str, reverse: bool) -> None:
    names = sorted(CHAT.parameters, reverse=reverse)
    text = render({name: CHAT.parameters[name] for name in names}, separator)
    assert check(CHAT.with_headers(authorization=text)).key_id.text == KEY_ID


def test_the_scheme_is_read_in_any_case() -> None:
    text = CHAT.headers["authorization"].replace("Signature ", "SIGNATURE  ")
    check(CHAT.with_headers(authorization=text))


def test_extra_signed_headers_are_allowed() -> None:
    client = Client(headers={"accept": "application/json", "opc-request-id": "AB/CD"})
    client.names += " Accept opc-request-id"
    assert check(client.send()).signed_headers[-2:] == ("accept", "opc-request-id")


def test_unsigned_headers_may_change_on_the_way() -> None:
    check(CHAT.with_headers(user_agent="anything", accept="*/*"))


def test_x_date_wins_over_date() -> None:
    """A browser's stale ``date`` does not matter where ``x-date`` is signed."""
    names = "x-date (request-target) host content-length content-type x-content-sha256"
    headers = {"x-date": "Sat, 21 Nov 2026 12:00:01 GMT", "date": "Thu, 01 Jan 1970 00:00:00 GMT"}
    assert check(Client(names=names, headers=headers).send()).date == NOW + 1


@pytest.mark.parametrize("target", ["/a%20b?q=a+b%26c", "/%41%5b]|^?x=[]&x=%7e", "/", "//a//b"])
def test_the_raw_target_is_what_counts(target: str) -> None:
    """Percent-encoding is neither added, removed nor normalised."""
    check(Client(target=target).send())


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_verbs_with_a_body_verify(method: str) -> None:
    check(Client(method=method).send())


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_verbs_without_a_body_need_three_lines(method: str) -> None:
    check(Client(method=method, body=b"", names="(request-target) host date").send())


@pytest.mark.parametrize("offset", [-300, -299.5, 0, 299.5, 300])
def test_a_clock_within_five_minutes_is_accepted(offset: float) -> None:
    check(replace(CHAT, now=NOW + offset))


def test_body_headers_signed_although_they_need_not_be_are_still_checked() -> None:
    upload = replace(Client(method="PUT").send(), body_headers_required=False)
    check(upload)
    assert "x-content-sha256" in refusal(replace(upload, body=b"[]")).reason


@pytest.mark.parametrize(
    ("text", "kind", "parts"),
    [
        (KEY_ID, "user", {"tenancy": TENANCY, "user": USER, "fingerprint": KEY_ID[-47:]}),
        ("ST$a.b.c", "security_token", {"token": "a.b.c"}),
        (f"{TENANCY}/fed-x509/{':'.join(['AB'] * 20)}", "federation", {"tenancy": TENANCY}),
        (f"{TENANCY}/fed-x509/{':'.join(['ab'] * 20)}", "federation", {"tenancy": TENANCY}),
        (f"{TENANCY}/fed-x509-sha256/{':'.join(['ab'] * 32)}", "federation", {"tenancy": TENANCY}),
        ("resource/v2.1/ocid1.fnfunc.oc1.iad.aaaa", "resource", {"tenancy": ""}),
        (
            f"resource/v2.1.1/{TENANCY}/ocid1.fnfunc.oc1.iad.aaaa",
            "resource",
            {"tenancy": TENANCY, "resource": "ocid1.fnfunc.oc1.iad.aaaa"},
        ),
        (f"resource/v2.1.2/{TENANCY}/ocid1.x.oc1.iad.b", "resource", {"tenancy": TENANCY}),
    ],
)
def test_the_forms_of_a_key_id_are_recognised(text: str, kind: str, parts: dict[str, str]) -> None:
    key_id = read_key_id(text)
    assert key_id.kind == kind
    assert {name: getattr(key_id, name) for name in parts} == parts


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ST$",
        "ST$with space",
        f"{TENANCY}/{USER}",
        f"{TENANCY}/{USER}/{KEY_ID[-47:].upper()}",
        f"{TENANCY}/{USER}/{KEY_ID[-44:]}",
        f"{KEY_ID}/more",
        f"{TENANCY}/fed-x509/{':'.join(['AB'] * 32)}",
        f"{TENANCY}/fed-x509-sha256/{':'.join(['AB'] * 20)}",
        "resource/v2.1/",
        "resource/v2.1/a/b",
        f"resource/v2.1.3/{TENANCY}/{USER}",
        "resource/v1.1/x",
        "st$a.b.c",
    ],
)
def test_other_key_ids_are_refused(text: str) -> None:
    refused = refusal(Client(key_id=text).send())
    assert refused.message == INCOMPLETE
    assert "keyId has none of the known forms" in refused.reason


# What is refused: the request was changed after it was signed


def tampered() -> Iterator[tuple[str, Received, str]]:
    for case in CASES:
        good = received(case)
        short = case.name.split("_")[0]
        yield f"{short}-method", replace(good, method=other_verb(case.method)), "does not match"
        yield f"{short}-target", replace(good, target=case.target + "x"), "does not match"
        yield f"{short}-query", replace(good, target=case.target + "?a=b"), "does not match"
        if "host" in case.signed_headers:
            yield f"{short}-host", good.with_headers(host="evil.example"), "does not match"
            yield f"{short}-port", good.with_headers(host=case.host + ":443"), "does not match"
        if "x-content-sha256" in case.headers:
            yield (
                f"{short}-type",
                good.with_headers(content_type="application/json; charset=utf-8"),
                "does not match",
            )
            yield f"{short}-longer", replace(good, body=case.body + b" "), "content-length"
            flipped = bytes([case.body[0] ^ 1]) + case.body[1:] if case.body else b""
            if flipped:
                yield f"{short}-body", replace(good, body=flipped), "the body's SHA-256"
        else:
            # GET and DELETE cover no body; what the headers say about one is still compared
            yield (
                f"{short}-hash",
                good.with_headers(x_content_sha256="AAAA"),
                "the body's SHA-256 does not match x-content-sha256",
            )
    yield (
        "v2-body-and-hash",
        replace(received(BY_NAME["v2"]), body=b"x" * 277).with_headers(
            x_content_sha256=base64.b64encode(hashlib.sha256(b"x" * 277).digest()).decode()
        ),
        "does not match",
    )
    yield "v7-obo", received(BY_NAME["v7"]).with_headers(opc_obo_token="OTHER"), "does not match"
    yield (
        "v1-date",
        received(BY_NAME["v1"]).with_headers(date="Sat, 21 Nov 2026 12:00:01 GMT"),
        "does not match",
    )
    yield (
        "v1-decoded",
        replace(received(BY_NAME["v1"]), target=BY_NAME["v1"].target.replace("%20", "+")),
        "does not match",
    )
    yield (
        "v9-x-date",
        received(BY_NAME["v9"]).with_headers(x_date="Sat, 21 Nov 2026 12:00:01 GMT"),
        "does not match",
    )
    yield "leading-zero", CHAT.with_headers(content_length="02"), "content-length is not 2"
    yield "other-signature", CHAT.with_parameter("signature", BY_NAME["v1"].signature), "does not"
    yield "short-signature", CHAT.with_parameter("signature", "AAAA"), "does not match"
    yield "no-signature", CHAT.with_parameter("signature", ""), "does not match"


def other_verb(method: str) -> str:
    return {"GET": "HEAD", "DELETE": "GET", "POST": "PUT", "PUT": "POST"}[method]


TAMPERED = list(tampered())


@pytest.mark.parametrize(
    ("request_", "reason"),
    [(request, reason) for _, request, reason in TAMPERED],
    ids=[name for name, _, _ in TAMPERED],
)
def test_a_request_changed_after_signing_is_refused(request_: Received, reason: str) -> None:
    refused = refusal(request_)
    assert refused.message == MISMATCH
    assert reason in refused.reason


def test_another_key_is_refused() -> None:
    """The names of the lines are in the reason, so that a developer can see what was compared."""
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    with pytest.raises(SignatureRefused) as caught:
        verify(CHAT.method, CHAT.target, CHAT.headers, CHAT.body, keys=lambda _: stranger, now=NOW)
    assert caught.value.message == MISMATCH
    assert "date, (request-target), host" in caught.value.reason


# What is refused: something is missing, malformed or unknown


@pytest.mark.parametrize(
    ("request_", "reason"),
    [
        pytest.param(CHAT.without("authorization"), "has no Authorization header", id="none"),
        pytest.param(
            CHAT.with_headers(authorization="Bearer sk-secret"), "not of the scheme", id="bearer"
        ),
        pytest.param(CHAT.with_headers(authorization=""), "not of the scheme", id="empty"),
        pytest.param(CHAT.with_headers(authorization="Signature"), "position 0", id="bare"),
        pytest.param(
            CHAT.with_headers(authorization=CHAT.headers["authorization"] + ","),
            'no name="value" at position',
            id="trailing-comma",
        ),
        pytest.param(
            CHAT.with_headers(authorization=CHAT.headers["authorization"] + ' x="1"'),
            "no comma at position",
            id="no-comma",
        ),
        pytest.param(
            CHAT.with_headers(authorization=CHAT.headers["authorization"].replace('"1"', "1")),
            'no name="value" at position',
            id="unquoted",
        ),
        pytest.param(
            CHAT.with_headers(authorization=CHAT.headers["authorization"] + ',version="1"'),
            "has the parameter version twice",
            id="twice",
        ),
        pytest.param(
            CHAT.with_parameter("created", "1"), "unknown parameter created", id="unknown"
        ),
        pytest.param(CHAT.with_parameter("version", "2"), "version", id="version"),
        pytest.param(CHAT.with_parameter("algorithm", "hmac-sha256"), "algorithm", id="algorithm"),
        pytest.param(CHAT.with_parameter("signature", "%%%"), "not base64", id="base64"),
        pytest.param(CHAT.with_parameter("signature", "AAA"), "not base64", id="padding"),
        pytest.param(CHAT.with_parameter("signature", "AAA_"), "not base64", id="url-base64"),
        pytest.param(CHAT.with_parameter("signature", "AAAé"), "not base64", id="latin-base64"),
        pytest.param(CHAT.with_parameter("headers", ""), "not a list of names", id="no-names"),
        pytest.param(
            Client(names="date  (request-target) host").send(), "not a list of names", id="spaces"
        ),
        pytest.param(
            Client(names=Client.names + " DATE").send(), "lists a name twice", id="repeated"
        ),
        pytest.param(
            Client(names=Client.names + " accept").send(),
            "the header accept is signed, but the request does not have it",
            id="absent",
        ),
        pytest.param(
            Client(key_id=KEY_ID.replace("88", "89")).send(), "no public key is known", id="key"
        ),
        pytest.param(Client(method="OPTIONS").send(), "no signature is defined", id="verb"),
        pytest.param(Client(method="post").send(), "no signature is defined", id="lower-verb"),
        pytest.param(Client(target="").send(), "does not begin with a slash", id="no-target"),
        pytest.param(
            Client(target="http://a/b").send(), "does not begin with a slash", id="absolute"
        ),
        pytest.param(Client(target="/grüße").send(), "not ASCII", id="target-ascii"),
        pytest.param(
            Client(names=Client.names + " x-a", headers={"x-a": "ü"}).send(),
            "the value of x-a is not ASCII",
            id="value-ascii",
        ),
        pytest.param(
            Client(names=Client.names + " x-a", headers={"x-a": "1\nx-b: 2"}).send(),
            "the value of x-a has a line break",
            id="line-break",
        ),
        pytest.param(
            Client(headers={"opc-obo-token": "T"}).send(), "opc-obo-token is not signed", id="obo"
        ),
        pytest.param(
            Client(headers={"x-date": "Sat, 21 Nov 2026 12:00:00 GMT"}).send(),
            "x-date is not signed",
            id="unsigned-x-date",
        ),
        pytest.param(
            Client(drop=("content-type",)).send(),
            "the header content-type is signed, but the request does not have it",
            id="dropped",
        ),
        pytest.param(
            replace(received(BY_NAME["v5"]), body_headers_required=True),
            "content-length is not signed, and must be for this PUT",
            id="unsigned-body",
        ),
        pytest.param(
            replace(received(BY_NAME["v8"]), host_required=True),
            "host is not signed",
            id="unsigned-host",
        ),
    ],
)
def test_an_incomplete_or_malformed_request_is_refused(request_: Received, reason: str) -> None:
    refused = refusal(request_)
    assert refused.message == INCOMPLETE
    assert reason in refused.reason


@pytest.mark.parametrize("name", ["version", "keyId", "algorithm", "headers", "signature"])
def test_every_parameter_is_needed(name: str) -> None:
    parameters = {key: value for key, value in CHAT.parameters.items() if key != name}
    refused = refusal(CHAT.with_headers(authorization=render(parameters)))
    assert refused.message == INCOMPLETE
    assert f"has no parameter {name}" in refused.reason


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("name", Client.names.split(" "))
def test_every_mandatory_header_must_be_signed_with_a_body(method: str, name: str) -> None:
    names = " ".join(other for other in Client.names.split(" ") if other != name)
    refused = refusal(Client(method=method, names=names).send())
    assert refused.message == INCOMPLETE
    assert f"{name} is not signed, and must be for this {method}" in refused.reason


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
@pytest.mark.parametrize("name", ["date", "(request-target)", "host"])
def test_every_mandatory_header_must_be_signed_without_a_body(method: str, name: str) -> None:
    names = " ".join(n for n in ("date", "(request-target)", "host") if n != name)
    refused = refusal(Client(method=method, names=names, body=b"").send())
    assert f"{name} is not signed, and must be for this {method}" in refused.reason


@pytest.mark.parametrize(
    ("date", "reason"),
    [
        ("", "has not the form"),
        ("2026-11-21T12:00:00Z", "has not the form"),
        ("Sat, 21 Nov 2026 12:00:00 UTC", "has not the form"),
        ("Sat, 21 Nov 2026 12:00:00 +0000", "has not the form"),
        ("Saturday, 21-Nov-26 12:00:00 GMT", "has not the form"),
        ("Sat Nov 21 12:00:00 2026", "has not the form"),
        ("Sat, 1 Nov 2026 12:00:00 GMT", "has not the form"),
        ("Sat, ٢١ Nov 2026 12:00:00 GMT", "has not the form"),
        ("Sat, 21 Nov 2026 12:00:00 GMT\n", "has not the form"),
        ("Sun, 21 Nov 2026 12:00:00 GMT", "weekday"),
        ("Sat, 31 Nov 2026 12:00:00 GMT", "does not exist"),
        ("Sat, 21 Nov 2026 25:00:00 GMT", "does not exist"),
        ("Sat, 21 Nov 0000 12:00:00 GMT", "does not exist"),
    ],
)
@pytest.mark.parametrize("name", ["date", "x-date"])
def test_a_bad_date_is_refused(name: str, date: str, reason: str) -> None:
    names = Client.names.replace("date ", f"{name} ", 1)
    refused = refusal(Client(names=names, headers={name: date}).send())
    assert refused.message == INCOMPLETE
    assert refused.reason.startswith(name)
    expected = reason if reason != "does not exist" else "is not a date that exists"
    assert expected in refused.reason


@pytest.mark.parametrize(
    ("offset", "current", "low", "high", "direction"),
    [
        (301, "12:05:01", "12:00:01", "12:10:01", "behind"),
        (300.5, "12:05:00", "12:00:00", "12:10:01", "behind"),
        (-301, "11:54:59", "11:49:59", "11:59:59", "ahead of"),
    ],
)
def test_a_clock_more_than_five_minutes_off_is_refused_in_ocis_words(
    offset: float, current: str, low: str, high: str, direction: str
) -> None:
    refused = refusal(replace(CHAT, now=NOW + offset))
    day = "Sat, 21 Nov 2026"
    assert refused.message == (
        f"Date '{day} 12:00:00 UTC' is not within allowed clock skew. "
        f"Current '{day} {current} UTC', valid datetime range: "
        f"['{day} {low} UTC', '{day} {high} UTC']"
    )
    assert direction in refused.reason


def test_a_token_never_appears_in_a_refusal_or_a_repr() -> None:
    request = Client(key_id="ST$very.secret.token").send()
    refused = refusal(request)
    assert "secret" not in f"{refused!r} {refused} {refused.reason}"
    with_obo = received(BY_NAME["v7"])
    verified = check(with_obo)
    assert "OBO.TOKEN" not in repr(verified)
    assert BY_NAME["v7"].key_id not in repr(verified)


def test_a_refusal_survives_pickling() -> None:
    refused = pickle.loads(pickle.dumps(refusal(CHAT.without("authorization"))))
    assert (refused.message, refused.status) == (INCOMPLETE, 401)
    assert "no Authorization" in refused.reason


# Whatever arrives, the answer is a verdict


PIECES = st.sampled_from(
    [
        *CHAT.parameters,
        *CHAT.parameters.values(),
        *(f'{k}="{v}"' for k, v in CHAT.parameters.items()),
    ]
) | st.sampled_from(["Signature ", ",", ", ", '"', "=", "ST$", "", "(request-target)", "x-date"])
# With lone surrogates: what HTTP servers make of header bytes that are not UTF-8.
TEXT = st.text(st.characters(), max_size=30)
JUNK = TEXT | st.lists(PIECES | st.text(max_size=5), max_size=12).map("".join)
DATES = JUNK | st.from_regex(
    r"(Mon|Sat), [0-9]{2} (Feb|Nov) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT", fullmatch=True
)


@settings(max_examples=300, deadline=None)
@given(
    method=st.sampled_from(["POST", "GET", "post", ""]) | JUNK,
    target=st.just(CHAT.target) | JUNK,
    authorization=JUNK.map("Signature ".__add__) | JUNK,
    headers=st.dictionaries(st.sampled_from(sorted(CHAT.headers)) | JUNK, JUNK, max_size=5),
    body=st.binary(max_size=10),
)
def test_junk_is_refused_and_never_crashes(
    method: str, target: str, authorization: str, headers: dict[str, str], body: bytes
) -> None:
    request = Received(
        method, target, {**CHAT.headers, "authorization": authorization, **headers}, body
    )
    refusal(request)


@settings(max_examples=300, deadline=None)
@given(
    name=st.sampled_from(["algorithm", "headers", "keyId", "signature", "version"]),
    value=JUNK.filter(lambda text: '"' not in text),
)
def test_a_junk_parameter_is_refused_and_never_crashes(name: str, value: str) -> None:
    if value != CHAT.parameters[name]:
        refusal(CHAT.with_parameter(name, value))


@settings(max_examples=300, deadline=None)
@given(date=DATES, value=JUNK, body=st.binary(max_size=4))
def test_a_well_signed_request_with_junk_in_it_gets_a_verdict(
    date: str, value: str, body: bytes
) -> None:
    client = Client(body=body, headers={"date": date, "x-junk": value})
    client.names += " x-junk"
    try:
        verified = check(client.send())
    except SignatureRefused:
        return
    assert verified.key_id.text == KEY_ID


def test_the_verifier_shares_no_code_with_the_signer() -> None:
    """If both halves called one function, no test could tell when that function is wrong."""
    tree = ast.parse(Path(module.__file__).read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)} | {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert not {name for name in imported if name and name.startswith("ocicat")}
