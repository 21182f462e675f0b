"""By which weights a reply was drawn, as servers say it whose weights are refreshed."""

from collections.abc import Iterator, Mapping


def weight_versions(answer: Mapping[str, object]) -> tuple[str, ...]:
    """Each version that drew tokens of an answer; empty where the server says none.

    SGLang gives `metadata` with `weight_version`, and `weight_versions` where weights changed meanwhile; vLLM (0.33)
    rows of `weight_versions` in each choice.

    Example:
        >>> weight_versions({"metadata": {"weight_version": "round-3"}})
        ('round-3',)
        >>> weight_versions({"choices": [{"weight_versions": [{"version": "3", "start": 0, "end": 8}]}]})
        ('3',)
    """
    return tuple(dict.fromkeys(_versions(answer)))


def _versions(answer: Mapping[str, object]) -> Iterator[str]:
    choices = answer.get("choices")
    for part in (answer.get("metadata"), *(choices if isinstance(choices, list) else ())):
        if not isinstance(part, Mapping):
            continue
        spans = part.get("weight_versions")
        rows = [row for row in spans if isinstance(row, Mapping)] if isinstance(spans, list) else []
        for value in (part.get("weight_version"), *(row.get("version") for row in rows)):
            if value is not None:
                yield str(value)
