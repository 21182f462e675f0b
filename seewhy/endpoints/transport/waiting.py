"""How long to wait before another try: what the server says, else a back-off with jitter."""

import math
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def asked_wait(headers: Mapping[str, str], now: datetime | None = None) -> float | None:
    """Seconds of a Retry-After, given in seconds or as a date; None where there is none that can be read.

    Example:
        >>> asked_wait({"retry-after": "2"}), asked_wait({"retry-after-ms": "150"}), asked_wait({"retry-after": "soon"})
        (2.0, 0.15, None)
    """
    milliseconds = _number(headers.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    asked_s = headers.get("retry-after", "").strip()
    seconds = _number(asked_s)
    return seconds if seconds is not None else _until(asked_s, now or datetime.now(UTC))


def next_wait(tries: int, asked_s: float | None, first_s: float, longest_s: float) -> float:
    """Seconds before try `tries` + 1: at least what the server says, else between half and all of a doubling wait.

    Without the random part, calls that failed together would come back together.
    """
    if asked_s is not None:
        return asked_s + random.uniform(0, min(first_s, 0.1 * asked_s))
    whole = min(longest_s, first_s * 2 ** (tries - 1))
    return random.uniform(whole / 2, whole)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) and number >= 0 else None


def _until(text: str, now: datetime) -> float | None:
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    # A date without a zone is one of GMT, by RFC 9110.
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
