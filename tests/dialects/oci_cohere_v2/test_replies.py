"""What golden cases of COHEREV2's replies cannot say: failures."""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.dialects import oci_cohere_v2
from ocicat.dialects.dialect import Origin
from ocicat.errors import InternalServerError, MalformedReply

ORIGIN = Origin("cohere.command-a-reasoning-08-2025", "A/B/C", 1795262401)


def test_a_reply_that_reports_a_failure_raises_it() -> None:
    body = {"chatResponse": {"finishReason": "ERROR", "errorMessage": "out of order"}}
    with pytest.raises(InternalServerError, match="out of order"):
        oci_cohere_v2.decode_reply(body, ORIGIN)


@pytest.mark.parametrize("body", [{}, {"chatResponse": None}, {"chatResponse": {"id": "rep-1"}}])
def test_what_is_no_reply_is_refused(body: dict[str, Any]) -> None:
    with pytest.raises(MalformedReply, match=r"chatResponse\.message"):
        oci_cohere_v2.decode_reply(body, ORIGIN)
