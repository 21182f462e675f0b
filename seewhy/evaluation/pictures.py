"""Which questions go together because they are about the same pictures: their chances are not independent."""

from collections import Counter
from collections.abc import Iterable, Mapping

from seewhy.records.types import Question

PICTURE = "picture "
"""Begins the key of a cluster that is a picture; a question without one is a cluster by itself."""


def picture_clusters(questions: Iterable[Question]) -> Mapping[str, str] | None:
    """Question id to the key of its pictures, by their content; None where no two questions share them.

    Example:
        >>> from seewhy.records.types import Gold, ImageRef, MatchRule, Split
        >>> rows = [Question(id=name, benchmark="b", split=Split.TEST, text="?", facets={},
        ...                  gold=Gold(answers=("1",), rule=MatchRule.EXACT), images=(ImageRef(sha256="ab", path="p"),))
        ...         for name in ("q1", "q2")]
        >>> picture_clusters(rows)
        {'q1': 'picture ab', 'q2': 'picture ab'}
    """
    return shared_pictures({row.id: "\n".join(image.sha256 for image in row.images) for row in questions})


def shared_pictures(pictures: Mapping[str, str]) -> Mapping[str, str] | None:
    """The clusters by picture, a question without one by itself; None where no two share any.

    Args:
        pictures: question id to what names its pictures; empty where it has none.
    """
    named = Counter(picture for picture in pictures.values() if picture)
    if not any(count > 1 for count in named.values()):
        return None
    return {name: f"{PICTURE}{picture}" if picture else f"question {name}" for name, picture in pictures.items()}


def count_pictures(questions: Iterable[Question], clusters: Mapping[str, str]) -> int:
    """How many pictures the questions are about."""
    return len({clusters[question.id] for question in questions if clusters[question.id].startswith(PICTURE)})
