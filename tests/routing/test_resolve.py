"""From a model and a place to a target: every rule of routing, as a table."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ocicat.errors import (
    InvalidParameter,
    InvalidSetting,
    MissingSetting,
    OcicatError,
    UnsupportedFeature,
)
from ocicat.routing.regions import Region
from ocicat.routing.resolve import Place, bare_model, resolve
from ocicat.vocabulary.target import ServingMode

CHICAGO = "inference.generativeai.us-chicago-1.oci.oraclecloud.com"
OPENAI_PATH = "/openai/v1/chat/completions"
NATIVE_PATH = "/20231130/actions/chat"
LEGACY_PATH = "/20231130/actions/v1/chat/completions"

LLAMA = "meta.llama-3.3-70b-instruct"
COMMAND = "cohere.command-a-03-2025"
ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.amaaaaaaexample"
MODEL_OCID = "ocid1.generativeaimodel.oc1.us-chicago-1.amaaaaaaexample"


def place(**settings: Any) -> Place:
    return Place(**{"region": "us-chicago-1", **settings})


# --- the model's name ---------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "oci/", "oci:", " oci/"])
def test_a_model_is_the_same_with_and_without_its_prefix(prefix: str) -> None:
    target = resolve(prefix + LLAMA, place())
    assert target.model == LLAMA
    assert target.serving == ServingMode("ON_DEMAND", LLAMA)
    assert target.facts.id == LLAMA


@pytest.mark.parametrize(
    "model", ["", " ", "oci/", "oci:", "\n", "a\x00b", "\ud800", None, 7, ["x"]]
)
def test_what_names_no_model_is_refused(model: Any) -> None:
    with pytest.raises(InvalidParameter) as caught:
        resolve(model, place())
    assert caught.value.parameter == "model"
    assert "oci/meta." in caught.value.hint


def test_only_one_prefix_is_taken_off() -> None:
    assert bare_model("oci/oci/x") == "oci/x"


def test_an_alias_is_sent_as_given_with_the_facts_of_its_model() -> None:
    target = resolve("xai.grok-4.20-0309-reasoning", place())
    assert target.model == target.serving.id == "xai.grok-4.20-0309-reasoning"
    assert target.facts.id == "xai.grok-4.20-reasoning"


def test_a_model_that_the_catalogue_has_never_seen_is_routed_all_the_same() -> None:
    target = resolve("oci/xai.grok-2031", place())
    assert (target.transport, target.dialect) == ("openai", "openai_chat")
    assert target.facts.family == "grok"
    assert not target.facts.known
    assert resolve("brand-new", place()).dialect == "openai_chat"
    assert resolve("cohere.command-2031", place()).dialect == "oci_cohere"


# --- transport and dialect ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("model", "transport", "expected", "dialect", "path"),
    [
        (LLAMA, None, "openai", "openai_chat", OPENAI_PATH),
        (LLAMA, "", "openai", "openai_chat", OPENAI_PATH),
        (LLAMA, "auto", "openai", "openai_chat", OPENAI_PATH),
        (LLAMA, "openai", "openai", "openai_chat", OPENAI_PATH),
        (LLAMA, "v1", "openai", "openai_chat", OPENAI_PATH),
        (LLAMA, "native", "native", "oci_generic", NATIVE_PATH),
        (LLAMA, "sdk", "native", "oci_generic", NATIVE_PATH),
        (LLAMA, " SDK ", "native", "oci_generic", NATIVE_PATH),
        ("openai.gpt-5", None, "openai", "openai_chat", OPENAI_PATH),
        ("openai.gpt-oss-120b", "native", "native", "oci_generic", NATIVE_PATH),
        ("google.gemini-2.5-pro", None, "openai", "openai_chat", OPENAI_PATH),
        ("xai.grok-4.3", None, "openai", "openai_chat", OPENAI_PATH),
        ("mistral.x", None, "openai", "openai_chat", OPENAI_PATH),
        ("anthropic.claude-sonnet", None, "openai", "openai_chat", OPENAI_PATH),
        (COMMAND, None, "native", "oci_cohere", NATIVE_PATH),
        (COMMAND, "native", "native", "oci_cohere", NATIVE_PATH),
        ("cohere.command-latest", None, "native", "oci_cohere", NATIVE_PATH),
        ("cohere.command-r-08-2024", "sdk", "native", "oci_cohere", NATIVE_PATH),
        (MODEL_OCID, None, "native", "oci_generic", NATIVE_PATH),
        (MODEL_OCID, "openai", "openai", "openai_chat", OPENAI_PATH),
        (ENDPOINT, None, "native", "oci_generic", NATIVE_PATH),
        (ENDPOINT, "openai", "openai", "openai_chat", OPENAI_PATH),
    ],
)
def test_model_and_transport_choose_the_surface_and_the_dialect(
    model: str, transport: str | None, expected: str, dialect: str, path: str
) -> None:
    target = resolve(model, place(transport=transport))
    assert (target.transport, target.dialect, target.path) == (expected, dialect, path)


@pytest.mark.parametrize("transport", ["openai", "v1"])
def test_cohere_is_not_served_on_the_openai_surface(transport: str) -> None:
    with pytest.raises(UnsupportedFeature, match="OpenAI-compatible") as caught:
        resolve(COMMAND, place(transport=transport))
    assert caught.value.parameter == "transport"


def test_an_unknown_transport_is_refused_with_the_choices() -> None:
    with pytest.raises(InvalidSetting, match="Choose openai") as caught:
        resolve(LLAMA, place(transport="grpc"))
    assert caught.value.setting == "transport"
    assert caught.value.hint == "Choose openai (or v1), native (or sdk), or auto."


@pytest.mark.parametrize(
    "model",
    [
        "cohere.command-a-vision",
        "cohere.command-a-vision-07-2025",
        "cohere.command-a-reasoning",
        "cohere.command-a-reasoning-08-2025",
    ],
)
@pytest.mark.parametrize("settings", [{}, {"endpoint_id": ENDPOINT}])
def test_the_second_cohere_format_is_refused_by_name_with_a_way_out(
    model: str, settings: dict[str, str]
) -> None:
    with pytest.raises(UnsupportedFeature, match="COHEREV2") as caught:
        resolve(model, place(**settings))
    assert COMMAND in caught.value.hint


@pytest.mark.parametrize("model", ["xai.grok-4.20-multi-agent", "openai.gpt-5.5-pro"])
def test_models_of_the_responses_api_alone_are_refused_by_name(model: str) -> None:
    with pytest.raises(UnsupportedFeature, match="Responses API") as caught:
        resolve(model, place())
    assert caught.value.parameter == "model"
    assert caught.value.hint.startswith(f"Use {model.partition('.')[0]}.")


@pytest.mark.parametrize(
    ("model", "capability"),
    [
        ("cohere.embed-v4.0", "TEXT_EMBEDDINGS"),
        ("cohere.embed-never-heard-of", "TEXT_EMBEDDINGS"),
        ("cohere.rerank-v4.0-fast", "TEXT_RERANK"),
    ],
)
def test_models_that_do_not_chat_are_refused_with_what_they_can(
    model: str, capability: str
) -> None:
    with pytest.raises(UnsupportedFeature, match=capability):
        resolve(model, place())


# --- serving mode -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [None, "", "ON_DEMAND", "on_demand"])
def test_a_model_name_is_served_on_demand(mode: str | None) -> None:
    target = resolve(LLAMA, place(serving_mode=mode))
    assert target.serving == ServingMode("ON_DEMAND", LLAMA)


@pytest.mark.parametrize("mode", [None, "DEDICATED", "dedicated"])
@pytest.mark.parametrize("prefix", ["", "oci/", "oci:"])
def test_an_endpoint_as_the_model_is_dedicated(prefix: str, mode: str | None) -> None:
    target = resolve(prefix + ENDPOINT, Place(serving_mode=mode))
    assert target.serving == ServingMode("DEDICATED", ENDPOINT)
    assert target.model == ENDPOINT
    assert target.host == CHICAGO


def test_the_same_endpoint_given_twice_is_no_contradiction() -> None:
    target = resolve(ENDPOINT, Place(serving_mode="DEDICATED", endpoint_id=ENDPOINT))
    assert target.serving == ServingMode("DEDICATED", ENDPOINT)


@pytest.mark.parametrize(
    ("model", "dialect"),
    [
        (LLAMA, "oci_generic"),
        (COMMAND, "oci_cohere"),
        ("cohere.command-r-plus-08-2024", "oci_cohere"),
        ("my-imported-model", "oci_generic"),
        (MODEL_OCID, "oci_generic"),
    ],
)
@pytest.mark.parametrize("mode", [None, "DEDICATED", "Dedicated"])
def test_an_endpoint_beside_a_model_speaks_the_models_dialect(
    model: str, dialect: str, mode: str | None
) -> None:
    target = resolve(f"oci/{model}", Place(serving_mode=mode, endpoint_id=ENDPOINT))
    assert target.serving == ServingMode("DEDICATED", ENDPOINT)
    assert (target.transport, target.dialect, target.path) == ("native", dialect, NATIVE_PATH)
    assert target.model == model
    assert target.host == CHICAGO


def test_on_demand_wins_over_an_endpoint_that_is_set() -> None:
    target = resolve(LLAMA, place(serving_mode="ON_DEMAND", endpoint_id=ENDPOINT))
    assert target.serving == ServingMode("ON_DEMAND", LLAMA)


def test_dedicated_needs_an_endpoint() -> None:
    with pytest.raises(MissingSetting, match="oci_endpoint_id=") as caught:
        resolve(LLAMA, place(serving_mode="DEDICATED"))
    assert caught.value.setting == "endpoint_id"


@pytest.mark.parametrize(
    ("model", "settings", "setting"),
    [
        (LLAMA, {"serving_mode": "SHARED"}, "serving_mode"),
        (ENDPOINT, {"serving_mode": "ON_DEMAND"}, "serving_mode"),
        (ENDPOINT, {"endpoint_id": ENDPOINT + "2"}, "endpoint_id"),
        (LLAMA, {"endpoint_id": MODEL_OCID}, "endpoint_id"),
        (LLAMA, {"endpoint_id": ENDPOINT + "\ud800"}, "endpoint_id"),
        (LLAMA, {"endpoint_id": "my-endpoint", "serving_mode": "DEDICATED"}, "endpoint_id"),
    ],
)
def test_serving_modes_and_endpoints_that_cannot_be_right_are_refused(
    model: str, settings: dict[str, str], setting: str
) -> None:
    with pytest.raises(InvalidSetting) as caught:
        resolve(model, place(**settings))
    assert caught.value.setting == setting
    assert caught.value.hint


# --- address ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("region", "host"),
    [
        ("us-chicago-1", CHICAGO),
        ("ORD", CHICAGO),
        ("eu-frankfurt-2", "inference.generativeai.eu-frankfurt-2.oci.oraclecloud.eu"),
        ("uk-gov-london-1", "inference.generativeai.uk-gov-london-1.oci.oraclegovcloud.uk"),
        ("foo-bar-9", "inference.generativeai.foo-bar-9.oci.oraclecloud.com"),
        ("my.custom.domain", "inference.generativeai.my.custom.domain"),
    ],
)
def test_the_region_gives_the_host(region: str, host: str) -> None:
    target = resolve(LLAMA, Place(region=region))
    assert target.url == f"https://{host}{OPENAI_PATH}"


@pytest.mark.parametrize(
    ("ocid", "host"),
    [
        ("ocid1.generativeaiendpoint.oc1.us-chicago-1.x", CHICAGO),
        ("ocid1.generativeaiendpoint.oc1.ord.x", CHICAGO),
        ("ocid1.generativeaiendpoint.oc1.ord.future.x", CHICAGO),
        ("ocid1.generativeaimodel.oc1.ord.x", CHICAGO),
        (
            "ocid1.generativeaiendpoint.oc19.eu-frankfurt-2.x",
            "inference.generativeai.eu-frankfurt-2.oci.oraclecloud.eu",
        ),
        (
            "ocid1.generativeaiendpoint.oc19.eu-newtown-1.x",
            "inference.generativeai.eu-newtown-1.oci.oraclecloud.eu",
        ),
    ],
)
def test_an_ocid_gives_the_region_where_none_is_set(ocid: str, host: str) -> None:
    assert resolve(ocid, Place()).host == host


def test_the_region_in_an_ocid_wins_over_one_that_is_set() -> None:
    """An endpoint exists in one region only, whatever region a profile names."""
    target = resolve(ENDPOINT, Place(region="eu-frankfurt-1"))
    assert target.host == "inference.generativeai.us-chicago-1.oci.oraclecloud.com"


@pytest.mark.parametrize(
    "model", [LLAMA, "ocid1.generativeaiendpoint.oc1..x", "ocid1.generativeaiendpoint.x"]
)
@pytest.mark.parametrize("region", [None, "", " "])
def test_no_region_at_all_is_refused_with_the_places_to_give_one(
    model: str, region: str | None
) -> None:
    with pytest.raises(MissingSetting) as caught:
        resolve(model, Place(region=region))
    assert caught.value.setting == "region"
    for place_to_look in ("oci_region=", "OCI_REGION", "profile"):
        assert place_to_look in caught.value.hint


def test_a_region_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(InvalidSetting, match="us-chicago-1"):
        resolve(LLAMA, Place(region="us chicago 1"))


def test_regions_that_are_passed_in_are_known() -> None:
    alloy = Region("xy-somewhere-1", "sww", "oc99", "example.cloud")
    target = resolve(LLAMA, Place(region="SWW"), extra_regions=(alloy,))
    assert target.host == "inference.generativeai.xy-somewhere-1.oci.example.cloud"
    target = resolve(LLAMA, Place(region="foo-bar-9"), default_domain="example.cloud")
    assert target.host == "inference.generativeai.foo-bar-9.oci.example.cloud"


@pytest.mark.parametrize(
    ("api_base", "scheme", "host", "openai", "native"),
    [
        (base, scheme, host, prefix + openai, prefix + NATIVE_PATH)
        for origin, scheme, host in [
            ("https://Gateway.Example", "https", "Gateway.Example"),
            ("HTTP://127.0.0.1:8080", "http", "127.0.0.1:8080"),
            ("http://[::1]:8080", "http", "[::1]:8080"),
            ("http://[fe80::1]", "http", "[fe80::1]"),
            ("http://my_host:1", "http", "my_host:1"),
        ]
        for prefix in ["", "/prefix", "/a/%41/b"]
        for surface, openai in [
            ("", OPENAI_PATH),
            ("/openai/v1", OPENAI_PATH),
            ("/openai/v1/chat/completions", OPENAI_PATH),
            ("/20231130", OPENAI_PATH),
            ("/20231130/actions/chat", OPENAI_PATH),
            ("/20231130/actions/v1", LEGACY_PATH),
            ("/20231130/actions/v1/chat/completions", LEGACY_PATH),
        ]
        for base in [origin + prefix + surface, origin + prefix + surface + "/"]
    ],
)
def test_an_api_base_replaces_scheme_and_host_and_may_name_a_surface(
    api_base: str, scheme: str, host: str, openai: str, native: str
) -> None:
    target = resolve(LLAMA, Place(api_base=api_base))
    assert (target.scheme, target.host, target.path) == (scheme, host, openai)
    target = resolve(COMMAND, Place(api_base=api_base, region="not looked at!"))
    assert (target.scheme, target.host, target.path) == (scheme, host, native)


@pytest.mark.parametrize("path", ["/v1", "/openai/v2", "/xopenai/v1x", "/20231130/actions"])
def test_any_other_path_of_an_api_base_is_a_prefix(path: str) -> None:
    target = resolve(LLAMA, Place(api_base=f"https://host{path}"))
    assert target.path == path + OPENAI_PATH


def test_an_api_base_keeps_a_dedicated_endpoint_dedicated() -> None:
    target = resolve(ENDPOINT, Place(api_base="http://localhost:9"))
    assert target.url == "http://localhost:9" + NATIVE_PATH
    assert target.serving == ServingMode("DEDICATED", ENDPOINT)


@pytest.mark.parametrize(
    ("api_base", "complaint"),
    [
        ("https://host?x=1", "query or a fragment"),
        ("https://host/openai/v1?", "query or a fragment"),
        ("https://host/#top", "query or a fragment"),
        ("https://user@host", "user information"),
        ("https://user:hunter2@host", "user information"),
        ("ftp://host", "neither http nor https"),
        ("file:///etc/passwd", "neither http nor https"),
        ("host", "not a URL"),
        ("localhost:8080", "not a URL"),
        ("//host", "not a URL"),
        ("https:/host", "not a URL"),
        ("https://", "host and port"),
        ("https:///path", "host and port"),
        ("https://host:", "host and port"),
        ("https://host:0", "host and port"),
        ("https://host:65536", "host and port"),
        ("https://host:port", "host and port"),
        ("https://[::1", "host and port"),
        ("https://::1", "host and port"),
        ("https://host\\evil", "host and port"),
        ("https://ho st/", "not a URL"),
        ("https://host/a\r\nx: y", "not a URL"),
        ("https://hóst/", "not a URL"),
    ],
)
def test_an_api_base_that_cannot_be_right_is_refused_without_repeating_it(
    api_base: str, complaint: str
) -> None:
    with pytest.raises(InvalidSetting, match=complaint) as caught:
        resolve(LLAMA, place(api_base=api_base))
    assert caught.value.setting == "api_base"
    assert caught.value.hint
    assert "hunter2" not in str(caught.value)


# --- whatever comes -----------------------------------------------------------------------------

SETTING = st.none() | st.text(max_size=40)
URLS = st.builds("{}://{}{}".format, st.sampled_from(["http", "https", "x"]), st.text(), st.text())


@given(
    model=st.text() | st.sampled_from([LLAMA, COMMAND, ENDPOINT, MODEL_OCID, "cohere.embed-v4.0"]),
    region=SETTING,
    api_base=SETTING | URLS,
    transport=SETTING | st.sampled_from(["openai", "native", "auto"]),
    serving_mode=SETTING | st.sampled_from(["ON_DEMAND", "DEDICATED"]),
    endpoint_id=SETTING | st.just(ENDPOINT),
)
@example(LLAMA, "\ud800", None, None, None, None)
@example("ocid1.generativeaimodel.o\u0130.b c.x", None, None, None, None, None)
def test_arbitrary_text_resolves_or_raises_an_error_of_ours(
    model: str,
    region: str | None,
    api_base: str | None,
    transport: str | None,
    serving_mode: str | None,
    endpoint_id: str | None,
) -> None:
    try:
        target = resolve(model, Place(region, api_base, transport, serving_mode, endpoint_id))
    except OcicatError as error:
        str(error).encode()  # it can be shown
        return
    assert target.scheme in ("http", "https")
    for part in (target.host, target.path):
        assert part
        assert part.isascii()
        assert part.isprintable()
        assert " " not in part
    target.serving.id.encode()  # it can be sent
