"""When two questions are the same one, whatever their ids."""

from seewhy.records.types import Question


def words_of(question: Question) -> tuple[str, ...]:
    """What a question says, but for case and spaces."""
    said = (question.context, question.text, *question.options)
    return tuple(" ".join(part.casefold().split()) for part in said)


def content_of(question: Question) -> tuple[object, ...]:
    """What it says, and about which pictures."""
    return (*words_of(question), tuple(image.sha256 for image in question.images))
