"""Lists in pages."""

from __future__ import annotations

import pytest

from ocicat.emulator.paging import page
from ocicat.emulator.refusals import Refused


def test_pages_follow_each_other_to_the_end() -> None:
    first, headers = page("abcde", "2", None)
    second, more = page("abcde", "2", headers["opc-next-page"])
    third, none = page("abcde", "2", more["opc-next-page"])
    assert (first, second, third, none) == (["a", "b"], ["c", "d"], ["e"], {})


def test_a_page_that_holds_everything_is_the_last() -> None:
    assert page("ab", "2", None) == (["a", "b"], {})
    assert page("ab", None, None) == (["a", "b"], {})


@pytest.mark.parametrize(("limit", "token"), [("0", None), ("x", None), (None, "x"), (None, "")])
def test_nonsense_is_refused(limit: str | None, token: str | None) -> None:
    with pytest.raises(Refused) as refused:
        page("ab", limit, token)
    assert refused.value.status == 400
