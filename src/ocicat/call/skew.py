"""A clock that is wrong, corrected by OCI's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

__all__ = ["ClockSkew"]

_DATE = re.compile(r"\w{3}, (\d{2}) (\w{3}) (\d{4}) (\d{2}):(\d{2}):(\d{2}) GMT")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
#: OCI takes requests that are off by no more than this. Source: OCI's documentation.
ALLOWED = 300.0


class ClockSkew:
    """By how many seconds OCI's clock is ahead of this machine's, as far as that matters."""

    __slots__ = ("seconds",)

    def __init__(self) -> None:
        self.seconds = 0.0

    def learn(self, headers: Mapping[str, str], now: float) -> bool:
        """Take the time from an answer's ``date``; whether that changes what OCI will accept.

        ``now`` is this machine's time, in seconds since the epoch.
        """
        told = _seconds(headers.get("date", ""))
        if told is None or abs(told - (now + self.seconds)) <= ALLOWED:
            return False
        self.seconds = told - now
        return True


def _seconds(date: str) -> float | None:
    match = _DATE.fullmatch(date)
    if match is None or match[2] not in _MONTHS:
        return None
    day, month, year, hour, minute, second = match.groups()
    try:
        return datetime(
            int(year),
            _MONTHS.index(month) + 1,
            int(day),
            int(hour),
            int(minute),
            int(second),
            tzinfo=UTC,
        ).timestamp()
    except ValueError:
        return None
