"""What goes wrong with OCI elsewhere, and the test here that would fail if it went wrong again.

Each promise names its tests as ``file::function``, or a golden case as ``dialect::name``; this
checks that they exist.
"""

from __future__ import annotations

import ast
import json
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

PITFALLS = {
    # signing and identities
    "No lock is held across I/O; many 401s cause one renewal, and the loop goes on": [
        "client/test_identities.py::test_an_expired_token_met_by_a_crowd_is_renewed_once_and_the_loop_goes_on",
        "client/test_identities.py::test_one_log_in_serves_all_who_come_together",
    ],
    "Renewal follows the token's expiry and not a fixed interval": [
        "client/test_identities.py::test_short_tokens_under_load_fail_no_call",
    ],
    "A 401 renews once, and only where that can help": [
        "client/test_identities.py::test_a_revoked_token_is_renewed_once",
        "call/test_exchange.py::test_a_401_renews_the_identity_once_where_that_can_help",
        "call/test_exchange.py::test_a_401_is_final_where_nothing_can_be_renewed",
    ],
    "Each attempt has a date and a signature of its own": [
        "call/test_exchange.py::test_a_failure_in_passing_is_tried_again_with_everything_new_but_the_retry_token",
    ],
    "A wrong clock is corrected once, with a warning, and named in the error": [
        "call/test_exchange.py::test_a_wrong_clock_is_corrected_once_and_stays_corrected",
        "call/test_exchange.py::test_a_clock_that_stays_refused_is_an_error",
    ],
    "Redirects are never followed with OCI's headers": [
        "transport/test_drivers.py::test_a_redirect_is_an_answer_and_is_not_followed",
    ],
    "What is signed is the target that is sent, byte for byte": [
        "transport/test_drivers.py::test_a_request_goes_out_byte_for_byte",
        "signing/test_signer.py::test_whatever_is_signed_is_accepted_by_the_verifier",
    ],
    "Encrypted keys work, and keys are read again only when their file changes": [
        "client/test_settings.py::test_an_encrypted_key_works_with_its_pass_phrase_only",
        "client/test_settings.py::test_a_key_file_that_changes_is_read_again",
        "signing/test_keys.py::test_every_form_of_a_key_is_read",
    ],
    "Any signer that people have is an identity, and is kept alive": [
        "client/test_functions.py::test_a_signer_of_the_sdk_signs",
        "client/test_identities.py::test_the_sdks_own_instance_signer_is_kept_alive",
    ],
    "What other services are told does not leak to OCI": [
        "client/test_httpx_auth.py::test_what_other_services_are_told_is_taken_out",
    ],
    "Secrets never appear in errors, logs, reprs or tracebacks": [
        "client/test_secrets.py::test_no_output_holds_key_material",
        "client/test_functions.py::test_the_request_log_tells_the_story_without_its_secrets",
        "transport/test_drivers.py::test_tls_goes_through_a_proxy_by_a_tunnel",
    ],
    "zstd is never asked for": [
        "call/test_exchange.py::test_a_call_is_one_signed_request",
        "client/test_httpx_auth.py::test_what_other_services_are_told_is_taken_out",
    ],
    "One resolver of settings serves every door": [
        "client/test_settings.py::test_the_order_is_argument_ocicat_oci_profile_default",
        "client/test_identities.py::test_the_environment_alone_decides_who_calls",
    ],
    "Realms, short codes and the region in an OCID are resolved": [
        "routing/test_resolve.py::test_the_region_in_an_ocid_wins_over_one_that_is_set",
        "auth/test_region_metadata.py::test_a_call_goes_to_the_region_that_was_described",
    ],
    # requests
    "An unknown parameter is refused with the nearest name": [
        "client/test_functions.py::test_an_unknown_parameter_is_refused_with_the_nearest_name",
    ],
    "What a dialect cannot say is refused by name, or left out with a note, by a table": [
        "dialects/test_refusals.py::test_every_parameter_has_a_row",
        "oci_cohere::logit_bias is refused by name",
        "oci_cohere::metadata is left out with a note",
        "oci_cohere::what is refused is left out where the caller wants it",
    ],
    "n=1, a single stop, max_tokens and the case of an effort are evened out": [
        "oci_cohere::n=1 is what Cohere does anyway",
        "oci_cohere::one stop sequence",
        "openai_chat::commercial OpenAI models take max_completion_tokens",
        "oci_cohere_v2::reasoning effort HIGH is thinking, whose degree cannot be said",
    ],
    "A 400 that names a parameter is learned once per model, in any of its three shapes": [
        "call/test_adaptation.py::test_a_refused_parameter_is_left_out_once_and_for_all_and_reported",
        "matrix/test_features.py::test_a_parameter_that_the_model_refuses_is_left_out_and_reported",
    ],
    "Schemas are made simple without losing meaning": [
        "dialects/test_schemas.py::test_what_pydantic_writes_survives",
        "dialects/test_schemas.py::test_a_model_that_contains_itself_is_cut_where_it_begins_again",
        "dialects/test_schemas.py::test_properties_called_like_keywords_are_properties",
    ],
    "Tools that are no functions are left out with a note; every API's tools are read": [
        "dialects/test_tools.py::test_tools_that_are_no_functions_are_left_out_with_a_note",
        "dialects/test_tools.py::test_tools_of_every_api_are_read_as_one",
        "dialects/test_tools.py::test_names_are_never_changed",
    ],
    "Without a limit of the caller's, the catalogue's is sent": [
        "openai_chat::no length given: the catalogue's",
        "oci_cohere_v2::without a limit the catalogue's is sent",
    ],
    "What everyday clients send is taken": [
        "matrix/test_features.py::test_what_everyday_clients_send_is_taken",
        "matrix/test_operations.py::test_base64_says_the_same_as_floats",
    ],
    "Text beside calls, lists as results, detail and empty turns are kept": [
        "openai_chat::calls, their results, and text beside them",
        "oci_cohere::a result in parts is an output for each",
        "oci_cohere_v2::images, with their detail and without, by data and by address",
        "matrix/test_features.py::test_an_empty_turn_in_the_history_is_no_obstacle",
    ],
    "Cohere: ids are unique, parameters come round, the question keeps its place": [
        "oci_cohere::two calls of one tool keep their own parameters, in the order of the results",
        "oci_cohere::a trailing system message leaves the question standing",
        "oci_cohere::the whole tool loop in a stream",
        "oci_cohere::every parameter of Cohere's own",
        "oci_cohere::citations in full, and as annotations with what their documents say",
        "matrix/test_features.py::test_a_loop_with_tools_comes_to_its_end",
    ],
    "What is no text is said or refused by name": [
        "matrix/test_features.py::test_images_are_shown",
        "matrix/test_features.py::test_a_model_that_sees_no_images_refuses_them_by_name",
        "dialects/test_content.py::test_parts_of_every_api_are_read",
    ],
    "What a dedicated endpoint speaks is looked up once": [
        "matrix/test_features.py::test_what_an_endpoint_speaks_is_looked_up_once",
        "call/test_lookup.py::test_an_endpoint_tells_its_model_and_the_model_its_format",
    ],
    "Embeddings: any number of inputs in order, queries and documents apart": [
        "matrix/test_operations.py::test_any_number_of_inputs_keeps_its_order",
        "matrix/test_operations.py::test_queries_and_documents_are_kept_apart",
        "matrix/test_operations.py::test_each_type_of_numbers_is_to_be_had",
    ],
    # replies and streams
    "A stream that ends early is an error that keeps what arrived": [
        "call/test_exchange.py::test_a_stream_without_an_ending_is_broken_and_keeps_what_arrived",
        "client/test_functions.py::test_a_broken_stream_keeps_what_arrived",
        "matrix/test_features.py::test_an_answer_that_breaks_off_is_an_error",
        "matrix/test_features.py::test_an_error_in_mid_stream_is_an_error",
    ],
    "A last Cohere event says nothing twice; nulls do no harm": [
        "oci_cohere::the ending repeats the text, which is not said twice",
        "oci_cohere::tool calls, and again in the ending",
        "oci_generic::nulls everywhere, and members of errors that are null",
    ],
    "Calls are put together, however a family cuts them": [
        "oci_generic::Grok: whole calls, each at the first place with its own id",
        "oci_generic::Gemini: whole calls without ids, one event each",
        "oci_generic::gpt-oss: two calls in pieces, one after the other",
        "openai_chat::a new id with every piece",
        "openai_chat::pieces of several calls by turns",
        "matrix/test_features.py::test_tools_are_called_side_by_side",
    ],
    "Calls in the text are read where wanted, however they are split; prose is never a call": [
        "dialects/test_inline_calls.py::test_calls_in_text_become_calls",
        "dialects/test_inline_calls.py::test_other_text_stays_as_it_was_written",
        "dialects/test_inline_calls.py::test_it_does_not_matter_how_the_text_is_cut",
    ],
    "Broken and doubly encoded arguments are passed on as they are": [
        "oci_generic::broken and doubly encoded arguments stay as the model wrote them",
    ],
    "Usage, cached and reasoning tokens and every finish reason are mapped": [
        "oci_generic::cached and reasoning tokens with the ending",
        "oci_generic::usage without a total",
        "oci_generic::a reason that nobody knows",
        "matrix/test_features.py::test_usage_is_what_oci_counted",
    ],
    "Line ends, splits and a missing last blank line do not matter": [
        "dialects/test_sse.py::test_any_split_of_a_stream_gives_its_documents",
        "properties/test_decoders.py::test_no_split_of_a_stream_changes_what_it_says",
    ],
    "Decoders raise nothing of their own on anything": [
        "properties/test_decoders.py::test_a_damaged_reply_is_a_reply_or_an_error_of_ours",
        "properties/test_decoders.py::test_any_bytes_at_all_are_an_error_of_ours",
        "fuzz/test_findings.py::test_a_finding_stays_mended",
    ],
    "Responses: instructions are of one turn, state is kept or its loss is told": [
        "client/test_responses.py::test_instructions_are_those_of_this_turn",
        "client/test_responses.py::test_a_conversation_goes_on",
        "client/test_responses.py::test_a_conversation_whose_beginning_is_deleted_is_lost",
        "client/test_responses.py::test_thoughts_come_back_encrypted_where_oci_keeps_nothing",
        "client/test_responses.py::test_a_stream_that_breaks_ends_with_a_failed_response_and_an_error",
        "openai_responses::arguments that come with the call",
    ],
    # the OpenAI SDK
    "A client copies, takes options, an HTTP client and an API key": [
        "client/test_openai_client.py::test_a_copy_has_the_same_arguments_but_for_what_is_changed",
        "client/test_openai_client.py::test_an_http_client_of_ones_own_carries_the_requests",
        "client/test_openai_client.py::test_an_api_key_is_sent_instead_of_a_signature",
        "client/test_openai_client.py::test_the_arguments_of_oci_openai",
    ],
    "OpenAI's own variables do not leak to OCI": [
        "client/test_openai_client.py::test_the_variables_of_openai_do_not_count",
        "client/test_httpx_transport.py::test_nothing_that_a_client_tells_other_services_reaches_oci",
    ],
    "The SDK's retries are the only ones": [
        "client/test_openai_client.py::test_the_sdk_repeats_what_failed_in_passing_and_nobody_else_does",
    ],
    "A client is not bound to its first event loop, and many streams run at once": [
        "client/test_openai_client.py::test_one_client_serves_event_loops_one_after_the_other",
        "client/test_openai_client.py::test_a_thousand_streams_at_once",
        "client/test_openai_client.py::test_a_cancelled_call_ends_its_request",
    ],
    "Uploads are signed byte for byte": [
        "client/test_httpx_transport.py::test_an_upload_is_signed_and_sent_byte_for_byte",
    ],
    # failures
    "One retry policy, which honours Retry-After and has a budget": [
        "call/test_exchange.py::test_retry_after_is_honoured",
        "call/test_exchange.py::test_the_budget_ends_retrying_even_where_attempts_are_left",
    ],
    "A stream is never repeated once it has begun": [
        "call/test_exchange.py::test_a_stream_is_never_tried_again_once_it_has_begun",
    ],
    "Status decides the class of an error, and a 404 prints the policy": [
        "dialects/test_faults.py::test_an_error_body_becomes_this_error",
    ],
    "Any number of event loops, and cancelling ends a request at once": [
        "client/test_functions.py::test_each_event_loop_works_and_leaves_nothing_behind",
        "client/test_functions.py::test_cancelling_a_task_ends_its_request_at_once",
    ],
}  # fmt: skip


@cache
def names(file: str) -> set[str]:
    """The names of a file's tests, or of its golden cases."""
    cases = TESTS / "cases" / "dialects" / f"{file}.json"
    if cases.exists():
        return {case["name"] for case in json.loads(cases.read_text())}
    tree = ast.parse((TESTS / file).read_text())
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    }


@pytest.mark.parametrize("promise", PITFALLS)
def test_a_promise_has_its_tests(promise: str) -> None:
    assert PITFALLS[promise]
    for test in PITFALLS[promise]:
        file, _, name = test.partition("::")
        assert name in names(file), test
