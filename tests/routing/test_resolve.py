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
from ocicat.routing import deployments
from ocicat.routing.regions import Region
from ocicat.routing.resolve import GUARDRAILS_PATH, Place, bare_model, management, resolve, service
from ocicat.vocabulary.target import ServingMode

CHICAGO = "inference.generativeai.us-chicago-1.oci.oraclecloud.com"
OPENAI_PATH = "/openai/v1/chat/completions"
NATIVE_PATH = "/20231130/actions/chat"
LEGACY_PATH = "/20231130/actions/v1/chat/completions"

LLAMA = "meta.llama-3.3-70b-instruct"
COMMAND = "cohere.command-a-03-2025"
ENDPOINT = "ocid1.generativeaiendpoint.oc1.us-chicago-1.amaaaaaaexample"
MODEL_OCID = "ocid1.generativeaimodel.oc1.us-chicago-1.amaaaaaaexample"
IMPORTED = "ocid1.generativeaiimportedmodel.oc1.us-chicago-1.amaaaaaaexample"
PROFILE = "ocid1.generativeairoutingprofile.oc1.us-chicago-1.amaaaaaaexample"
RESPONSES_PATH = "/openai/v1/responses"
EMBED, RERANK = "cohere.embed-v4.0", "cohere.rerank-v4.0-fast"


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
        (ENDPOINT, "responses", "responses", "openai_responses", RESPONSES_PATH),
        (IMPORTED, None, "native", "oci_generic", NATIVE_PATH),
        (IMPORTED, "openai", "openai", "openai_chat", OPENAI_PATH),
        (PROFILE, None, "openai", "openai_chat", OPENAI_PATH),
        (PROFILE, "responses", "responses", "openai_responses", RESPONSES_PATH),
        ("cohere.command-a-vision", None, "native", "oci_cohere_v2", NATIVE_PATH),
        ("cohere.command-a-reasoning-08-2025", None, "native", "oci_cohere_v2", NATIVE_PATH),
        ("xai.grok-4.20-multi-agent", None, "responses", "openai_responses", RESPONSES_PATH),
        ("openai.gpt-5.5-pro", "auto", "responses", "openai_responses", RESPONSES_PATH),
        ("openai.gpt-5.5-pro", "responses", "responses", "openai_responses", RESPONSES_PATH),
        ("google.gemini-2.5-pro", "responses", "responses", "openai_responses", RESPONSES_PATH),
        ("meta.llama-9", "responses", "responses", "openai_responses", RESPONSES_PATH),
        ("brand-new", "Responses", "responses", "openai_responses", RESPONSES_PATH),
    ],
)
def test_model_and_transport_choose_the_surface_and_the_dialect(
    model: str, transport: str | None, expected: str, dialect: str, path: str
) -> None:
    target = resolve(model, place(transport=transport))
    assert (target.transport, target.dialect, target.path) == (expected, dialect, path)


@pytest.mark.parametrize(
    ("model", "transport", "possible"),
    [
        (COMMAND, "openai", "transport=native"),
        (COMMAND, "v1", "transport=native"),
        ("cohere.command-2031", "openai", "transport=native"),
        (COMMAND, "responses", "transport=native"),
        ("cohere.command-a-vision", "openai", "transport=native"),
        (LLAMA, "responses", "transport=openai or native"),
        ("openai.gpt-5.5-pro", "openai", "transport=responses"),
        ("xai.grok-4.20-multi-agent", "sdk", "transport=responses"),
        (PROFILE, "native", "transport=openai or responses"),
    ],
)
def test_a_transport_that_a_model_has_not_is_refused_with_those_that_it_has(
    model: str, transport: str, possible: str
) -> None:
    with pytest.raises(UnsupportedFeature, match="OCI does not serve") as caught:
        resolve(model, place(transport=transport))
    assert caught.value.parameter == "transport"
    assert f"{possible};" in caught.value.hint


def test_an_unknown_transport_is_refused_with_the_choices() -> None:
    with pytest.raises(InvalidSetting) as caught:
        resolve(LLAMA, place(transport="grpc"))
    assert caught.value.setting == "transport"
    assert caught.value.hint == "Choose openai (or v1), responses, native (or sdk), or auto."


# --- operations ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("operation", "model", "path"),
    [
        ("embeddings", EMBED, "/20231130/actions/embedText"),
        ("embeddings", "cohere.embed-v9", "/20231130/actions/embedText"),
        ("embeddings", "brand-new", "/20231130/actions/embedText"),
        ("embeddings", ENDPOINT, "/20231130/actions/embedText"),
        ("rerank", RERANK, "/20231130/actions/rerankText"),
        ("rerank", "cohere.rerank-v3.5", "/20231130/actions/rerankText"),
        ("rerank", "cohere.rerank.v3-5", "/20231130/actions/rerankText"),
        ("rerank", MODEL_OCID, "/20231130/actions/rerankText"),
    ],
)
def test_embeddings_and_reranking_are_native(operation: Any, model: str, path: str) -> None:
    target = resolve(model, place(), operation=operation)
    assert (target.transport, target.url) == ("native", f"https://{CHICAGO}{path}")
    assert target.serving.id == model
    assert not target.format_is_assumed


def test_an_embedding_model_on_a_dedicated_cluster_is_asked_at_its_endpoint() -> None:
    target = resolve(EMBED, place(endpoint_id=ENDPOINT), operation="embeddings")
    assert target.serving == ServingMode("DEDICATED", ENDPOINT)


@pytest.mark.parametrize(
    ("operation", "model", "words", "instead"),
    [
        ("chat", EMBED, "TEXT_EMBEDDINGS", "meta.llama"),
        ("chat", "cohere.embed-never-heard-of", "TEXT_EMBEDDINGS", "meta.llama"),
        ("chat", RERANK, "TEXT_RERANK", "meta.llama"),
        ("embeddings", LLAMA, f"{LLAMA} is not for embeddings", "cohere.embed-v4.0"),
        ("embeddings", RERANK, "not for embeddings", "cohere.embed-v4.0"),
        ("rerank", COMMAND, f"{COMMAND} is not for rerank", "cohere.rerank-v4.0-fast"),
    ],
)
def test_a_model_that_cannot_do_it_is_refused_with_one_that_can(
    operation: Any, model: str, words: str, instead: str
) -> None:
    with pytest.raises(UnsupportedFeature, match=words) as caught:
        resolve(model, place(), operation=operation)
    assert caught.value.parameter == "model"
    assert instead in caught.value.hint


@pytest.mark.parametrize("transport", ["openai", "responses"])
def test_embeddings_over_another_transport_are_refused(transport: str) -> None:
    with pytest.raises(UnsupportedFeature, match=f"embeddings of {EMBED}"):
        resolve(EMBED, place(transport=transport), operation="embeddings")


# --- the format of native chats -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("api_format", "dialect"),
    [
        ("GENERIC", "oci_generic"),
        ("cohere", "oci_cohere"),
        (" CohereV2 ", "oci_cohere_v2"),
    ],
)
@pytest.mark.parametrize("model", [ENDPOINT, MODEL_OCID, IMPORTED])
def test_the_format_of_an_endpoint_can_be_given(model: str, api_format: str, dialect: str) -> None:
    target = resolve(model, place(api_format=api_format))
    assert (target.transport, target.dialect) == ("native", dialect)
    assert target.facts.api_format == api_format.strip().upper()
    assert not target.format_is_assumed


def test_a_given_format_wins_over_the_catalogues() -> None:
    assert resolve(COMMAND, place(api_format="COHEREV2")).dialect == "oci_cohere_v2"
    assert resolve("my-model", place(api_format="COHERE")).transport == "native"


def test_cohere_at_an_endpoint_is_not_to_be_had_on_the_openai_surface() -> None:
    with pytest.raises(UnsupportedFeature, match="OpenAI-compatible"):
        resolve(ENDPOINT, place(api_format="COHERE", transport="openai"))


def test_an_unknown_format_is_refused_with_the_choices() -> None:
    with pytest.raises(InvalidSetting) as caught:
        resolve(ENDPOINT, place(api_format="COHEREV3"))
    assert caught.value.setting == "api_format"
    assert caught.value.hint == "The API formats are GENERIC, COHERE, COHEREV2."


@pytest.mark.parametrize(
    ("model", "settings", "assumed"),
    [
        (ENDPOINT, {}, True),
        (MODEL_OCID, {}, True),
        ("my-model", {"endpoint_id": ENDPOINT}, True),
        (ENDPOINT, {"transport": "openai"}, False),
        (COMMAND, {"endpoint_id": ENDPOINT}, False),
        ("cohere.command-2031", {"endpoint_id": ENDPOINT}, False),
        ("Qwen/Qwen3-32B", {"endpoint_id": ENDPOINT}, False),
        (IMPORTED, {}, False),
        (LLAMA, {}, False),
        ("my-model", {"transport": "native"}, False),
    ],
)
def test_a_target_says_whether_its_format_is_only_assumed(
    model: str, settings: dict[str, str], assumed: bool
) -> None:
    target = resolve(model, place(**settings))
    assert target.format_is_assumed == assumed
    if assumed:
        assert target.dialect == "oci_generic"


# --- model deployments of Data Science ----------------------------------------------------------

DEPLOYMENT = "ocid1.datasciencemodeldeployment.oc1.iad.amaaaaaaexample"
IAD = "modeldeployment.us-ashburn-1.oci.customer-oci.com"
CHAT_TAIL = "/predict/v1/chat/completions"


@pytest.mark.parametrize("prefix", ["", "oci/", "oci:"])
@pytest.mark.parametrize("settings", [{}, {"transport": "openai"}, {"region": "eu-frankfurt-1"}])
def test_a_deployment_is_called_by_its_ocid(prefix: str, settings: dict[str, str]) -> None:
    target = resolve(prefix + DEPLOYMENT, place(**settings))
    assert (target.transport, target.dialect) == ("deployment", "openai_chat")
    assert target.url == f"https://{IAD}/{DEPLOYMENT}{CHAT_TAIL}"
    assert target.serving == ServingMode("ON_DEMAND", "odsc-llm")
    assert target.model == DEPLOYMENT
    assert target.stream_path == ""
    assert target.facts.max_output is None
    assert not target.format_is_assumed


@pytest.mark.parametrize(
    ("ocid", "host"),
    [
        ("ocid1.datasciencemodeldeployment.oc1.us-ashburn-1.x", IAD),
        (
            "ocid1.datasciencemodeldeployment.oc1.us-newtown-1.x",
            "modeldeployment.us-newtown-1.oci.customer-oci.com",
        ),
        (
            "ocid1.datasciencemodeldeployment.oc19.eu-frankfurt-2.x",
            "md.datascience.eu-frankfurt-2.oci.oraclecloud.eu",
        ),
        (
            "ocid1.datasciencemodeldeployment.oc19.eu-newtown-1.x",
            "md.datascience.eu-newtown-1.oci.oraclecloud.eu",
        ),
    ],
)
def test_a_deployments_host_is_that_of_its_realm_and_region(ocid: str, host: str) -> None:
    assert resolve(ocid, Place()).host == host


@pytest.mark.parametrize(
    ("tail", "path", "stream_path"),
    [
        ("", CHAT_TAIL, ""),
        ("/", CHAT_TAIL, ""),
        ("/predict/v1", CHAT_TAIL, ""),
        ("/predict/v1/", CHAT_TAIL, ""),
        ("/predict/v1/chat/completions", CHAT_TAIL, ""),
        ("/predict", "/predict", "/predictWithResponseStream"),
        ("/predictWithResponseStream", "/predict", "/predictWithResponseStream"),
        (
            "/predictWithResponseStream/v1",
            CHAT_TAIL,
            "/predictWithResponseStream/v1/chat/completions",
        ),
    ],
)
def test_the_url_of_a_deployment_tells_the_paths_of_answers_and_of_streams(
    tail: str, path: str, stream_path: str
) -> None:
    def whole(end: str, prefix: str = "") -> str:
        return f"{prefix}/{DEPLOYMENT}{end}" if end else ""

    for url in (f"https://{IAD}/{DEPLOYMENT}{tail}", f"oci/https://{IAD}/{DEPLOYMENT}{tail}"):
        target = resolve(url, Place())
        assert (target.scheme, target.host) == ("https", IAD)
        assert (target.path, target.stream_path) == (whole(path), whole(stream_path))
        assert target.serving.id == "odsc-llm"
    target = resolve(DEPLOYMENT, Place(api_base=f"http://localhost:9/a/{DEPLOYMENT}{tail}"))
    assert (target.scheme, target.host) == ("http", "localhost:9")
    assert (target.path, target.stream_path) == (whole(path, "/a"), whole(stream_path, "/a"))


@pytest.mark.parametrize(
    ("tail", "path"),
    [
        ("", "/predict/v1/embeddings"),
        ("/predict/v1", "/predict/v1/embeddings"),
        ("/predict/v1/embeddings", "/predict/v1/embeddings"),
        ("/predict/v1/chat/completions", "/predict/v1/embeddings"),
        ("/predictWithResponseStream/v1", "/predict/v1/embeddings"),
        ("/predict", "/predict"),
        ("/predictWithResponseStream", "/predict"),
    ],
)
def test_a_deployment_embeds_texts_where_its_url_says(tail: str, path: str) -> None:
    target = resolve(f"https://{IAD}/{DEPLOYMENT}{tail}", Place(), operation="embeddings")
    assert target.url == f"https://{IAD}/{DEPLOYMENT}{path}"
    assert (target.transport, target.dialect) == ("deployment", "openai_embeddings")
    assert target.serving.id == "odsc-llm"
    named = Place(api_base=f"http://localhost:9/a/{DEPLOYMENT}{tail}")
    target = resolve("intfloat/e5", named, operation="embeddings")
    assert target.url == f"http://localhost:9/a/{DEPLOYMENT}{path}"
    assert target.serving.id == "intfloat/e5"


@pytest.mark.parametrize("before", ["", "/a/b"])
@pytest.mark.parametrize("base", ["", "/predict", "/predict/v1", "/predictWithResponseStream/v1"])
@pytest.mark.parametrize("own", ["", "/completions", "/models", "/v2/embeddings"])
def test_the_base_of_a_deployments_paths_ends_where_openais_paths_begin(
    before: str, base: str, own: str
) -> None:
    whole = f"{before}/{DEPLOYMENT}{base}"
    assert deployments.base_of(whole + own) == whole


@pytest.mark.parametrize("path", ["/openai/v1/models", f"/x{DEPLOYMENT}/predict", ""])
def test_any_other_path_has_no_base_of_a_deployment(path: str) -> None:
    assert deployments.base_of(path) is None


def test_a_name_beside_the_url_of_a_deployment_is_the_served_models() -> None:
    target = resolve("oci/Qwen/Qwen3-32B", Place(api_base=f"https://{IAD}/{DEPLOYMENT}/predict"))
    assert (target.model, target.serving.id) == ("Qwen/Qwen3-32B", "Qwen/Qwen3-32B")
    assert target.transport == "deployment"
    assert target.facts.family == "qwen"


def test_an_api_base_replaces_the_host_of_a_deployment() -> None:
    for model in (DEPLOYMENT, f"https://{IAD}/{DEPLOYMENT}"):
        target = resolve(model, Place(api_base="http://localhost:9/x/"))
        assert target.url == f"http://localhost:9/x/{DEPLOYMENT}{CHAT_TAIL}"


@pytest.mark.parametrize(
    "model",
    [
        f"https://evil.example/{DEPLOYMENT}/predict",
        f"http://{IAD}/{DEPLOYMENT}/predict",
        f"https://{IAD}:444/{DEPLOYMENT}/predict",
        f"https://{IAD}/other/{DEPLOYMENT}/predict",
        f"https://modeldeployment.us-phoenix-1.oci.customer-oci.com/{DEPLOYMENT}/predict",
        f"https://{IAD}/{DEPLOYMENT}/explain",
        f"https://user@{IAD}/{DEPLOYMENT}",
        f"https://{IAD}/predict",
        "https://api.openai.com/v1",
    ],
)
def test_a_url_as_the_model_leads_to_ocis_own_hosts_or_nowhere(model: str) -> None:
    """Whoever may name a model must not choose who gets a signed request."""
    with pytest.raises(InvalidParameter) as caught:
        resolve(model, place())
    assert caught.value.parameter == "model"
    assert "api_base=" in caught.value.hint


@pytest.mark.parametrize("end", ["/../x", "/predict", "?x=1", " HTTP/1.1", "\u00e4", "%2e", "#"])
def test_the_ocid_of_a_deployment_adds_nothing_to_the_path(end: str) -> None:
    with pytest.raises(InvalidParameter, match="not the OCID of a deployment"):
        resolve(DEPLOYMENT + end, Place())


def test_both_hosts_of_the_commercial_realm_are_ocis() -> None:
    host = "md.datascience.us-ashburn-1.oci.oraclecloud.com"
    assert resolve(f"https://{host}/{DEPLOYMENT}", Place()).host == host


@pytest.mark.parametrize(
    ("settings", "operation", "error"),
    [
        ({"transport": "native"}, "chat", UnsupportedFeature),
        ({"transport": "responses"}, "chat", UnsupportedFeature),
        ({"transport": "grpc"}, "chat", InvalidSetting),
        ({"transport": "native"}, "embeddings", UnsupportedFeature),
        ({}, "rerank", UnsupportedFeature),
        ({"endpoint_id": ENDPOINT}, "chat", InvalidSetting),
        ({"api_base": f"https://{IAD}/{DEPLOYMENT}2/predict"}, "chat", InvalidSetting),
    ],
)
def test_what_a_deployment_cannot_do_is_refused(
    settings: dict[str, str], operation: Any, error: type[OcicatError]
) -> None:
    with pytest.raises(error) as caught:
        resolve(DEPLOYMENT, place(**settings), operation=operation)
    assert caught.value.hint


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
            ("/20231130/actions/v1/responses", LEGACY_PATH),
            ("/openai/v1/responses", OPENAI_PATH),
            ("/20231130/actions/embedText", OPENAI_PATH),
            ("/20231130/actions/rerankText", OPENAI_PATH),
            ("/20231130/actions/applyGuardrails", OPENAI_PATH),
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


@pytest.mark.parametrize(
    ("surface", "path"),
    [
        ("", RESPONSES_PATH),
        ("/openai/v1", RESPONSES_PATH),
        ("/openai/v1/responses", RESPONSES_PATH),
        ("/openai/v1/chat/completions", RESPONSES_PATH),
        ("/20231130", RESPONSES_PATH),
        ("/20231130/actions/v1", "/20231130/actions/v1/responses"),
        ("/20231130/actions/v1/responses", "/20231130/actions/v1/responses"),
    ],
)
def test_responses_go_to_the_surface_that_an_api_base_names(surface: str, path: str) -> None:
    target = resolve("openai.gpt-5.5-pro", Place(api_base=f"https://host/a{surface}"))
    assert target.path == "/a" + path


def test_embeddings_go_to_their_own_path_under_an_api_base() -> None:
    target = resolve(EMBED, Place(api_base="http://host/a/openai/v1"), operation="embeddings")
    assert target.url == "http://host/a/20231130/actions/embedText"


@pytest.mark.parametrize(
    ("settings", "inference", "manages"),
    [
        (
            {"region": "ORD"},
            f"https://{CHICAGO}",
            "https://generativeai.us-chicago-1.oci.oraclecloud.com",
        ),
        (
            {"region": "eu-frankfurt-2"},
            "https://inference.generativeai.eu-frankfurt-2.oci.oraclecloud.eu",
            "https://generativeai.eu-frankfurt-2.oci.oraclecloud.eu",
        ),
        ({"api_base": "http://h:1/a/openai/v1"}, "http://h:1/a", "http://h:1/a"),
        (
            {"api_base": f"https://{CHICAGO}/20231130"},
            f"https://{CHICAGO}",
            "https://generativeai.us-chicago-1.oci.oraclecloud.com",
        ),
    ],
)
def test_calls_that_are_no_models_go_to_the_service_or_to_its_management(
    settings: dict[str, str], inference: str, manages: str
) -> None:
    def url(address: tuple[str, str, str]) -> str:
        return "{}://{}{}".format(*address)

    assert url(service(Place(**settings))) == inference
    assert url(management(Place(**settings))) == manages
    assert GUARDRAILS_PATH == "/20231130/actions/applyGuardrails"


def test_an_endpoint_is_described_in_its_own_region() -> None:
    host = management(Place(region="eu-frankfurt-1"), ocid=ENDPOINT).host
    assert host == "generativeai.us-chicago-1.oci.oraclecloud.com"


def test_services_need_a_region_too() -> None:
    for where in (service, management):
        with pytest.raises(MissingSetting):
            where(Place())
    alloy = Region("xy-somewhere-1", "sww", "oc99", "example.cloud")
    assert service(Place(region="sww"), extra_regions=(alloy,)).host.endswith("oci.example.cloud")
    assert management(Place(region="foo-bar-9"), default_domain="a.b").host.endswith("oci.a.b")


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
    model=st.text()
    | URLS
    | st.sampled_from([LLAMA, COMMAND, ENDPOINT, MODEL_OCID, EMBED, PROFILE, DEPLOYMENT]),
    region=SETTING,
    api_base=SETTING | URLS,
    transport=SETTING | st.sampled_from(["openai", "native", "auto"]),
    serving_mode=SETTING | st.sampled_from(["ON_DEMAND", "DEDICATED"]),
    endpoint_id=SETTING | st.just(ENDPOINT),
    api_format=SETTING | st.sampled_from(["GENERIC", "COHERE"]),
    operation=st.sampled_from(["chat", "embeddings", "rerank"]),
)
@example(LLAMA, "\ud800", None, None, None, None, None, "chat")
@example("ocid1.generativeaimodel.o\u0130.b c.x", None, None, None, None, None, None, "chat")
@example("ocid1.datasciencemodeldeployment.oc1.b c.x", None, None, None, None, None, None, "chat")
def test_arbitrary_text_resolves_or_raises_an_error_of_ours(
    model: str,
    region: str | None,
    api_base: str | None,
    transport: str | None,
    serving_mode: str | None,
    endpoint_id: str | None,
    api_format: str | None,
    operation: Any,
) -> None:
    place = Place(region, api_base, transport, serving_mode, endpoint_id, api_format)
    try:
        target = resolve(model, place, operation=operation)
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
