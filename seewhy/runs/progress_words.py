"""Rates, counts and times of a run in words."""


def rate_of(speed: float, unit: str) -> str:
    """Things a second, in words.

    Example:
        >>> rate_of(0.54, "steps"), rate_of(2345.6, "chains")
        ('0.54 steps/s', '2,346 chains/s')
    """
    digits = 0 if speed >= 100 else 1 if speed >= 1 else 2
    return f"{speed:,.{digits}f} {unit}/s"


def count_of(count: int, unit: str) -> str:
    """A number of things, in words.

    Example:
        >>> count_of(2000, "questions"), count_of(1, "steps")
        ('2,000 questions', '1 step')
    """
    return f"{count:,} {unit.removesuffix('s') if count == 1 else unit}"


def span_of(seconds: float) -> str:
    """A time in words.

    Example:
        >>> span_of(0.25), span_of(81.4), span_of(200)
        ('0.2 s', '81 s', '3 min 20 s')
    """
    if seconds < 10:
        return f"{seconds:.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes} min {left} s"
