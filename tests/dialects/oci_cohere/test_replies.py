"""What golden cases of COHERE's replies cannot say: failures."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_cohere
from ocicat.dialects.dialect import Origin
from ocicat.errors import InternalServerError, MalformedReply

ORIGIN = Origin("cohere.command-a-03-2025", "A/B/C", 1795262401)


def decode(**chat: Any) -> Any:
    return oci_cohere.decode_reply({"chatResponse": {"apiFormat": "COHERE", **chat}}, ORIGIN)


@pytest.mark.parametrize("reason", ["ERROR", "ERROR_LIMIT", "USER_CANCEL"])
def test_a_reply_that_reports_a_failure_is_an_error(reason: str) -> None:
    with pytest.raises(InternalServerError, match="out of luck") as caught:
        decode(text="", finishReason=reason, errorMessage="out of luck")
    assert caught.value.code == reason


def test_a_reply_that_says_nothing_at_all_is_malformed() -> None:
    with pytest.raises(MalformedReply, match="text"):
        decode(finishReason="COMPLETE")
