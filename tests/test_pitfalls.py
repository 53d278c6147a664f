"""What goes wrong with OCI elsewhere, and the test here that would fail if it went wrong again.

Each promise names its tests as ``file::function``; this checks that they exist.
"""

from __future__ import annotations

import ast
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
    "What a dialect cannot say is refused by name, never dropped": [
        "dialects/test_refusals.py::test_a_feature_that_is_not_there_yet_is_named",
        "dialects/test_refusals.py::test_content_other_than_text_is_named_with_its_place",
    ],
    "n=1, a single stop, max_tokens and the case of an effort are evened out": [
        "dialects/test_cases.py::test_a_request_is_said_as_in_its_case",
    ],
    # replies and streams
    "A stream that ends early is an error that keeps what arrived": [
        "call/test_exchange.py::test_a_stream_without_an_ending_is_broken_and_keeps_what_arrived",
        "client/test_functions.py::test_a_broken_stream_keeps_what_arrived",
    ],
    "A last Cohere event does not say the text twice; nulls do no harm": [
        "dialects/test_cases.py::test_a_stream_is_read_as_in_its_case",
    ],
    "Line ends, splits and a missing last blank line do not matter": [
        "dialects/test_sse.py::test_any_split_of_a_stream_gives_its_documents",
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
def functions(file: str) -> set[str]:
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
        assert name in functions(file), test
