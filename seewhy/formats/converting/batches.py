"""Files of an OpenAI batch: results are read with the requests that they answer."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from seewhy.formats.api import Source
from seewhy.formats.converting.sources import read_raw
from seewhy.formats.openai_batch import OpenAIBatch
from seewhy.formats.talk.batch_replies import BatchReplies


def with_results(sources: Sequence[Source], requests: Sequence[Source], place: Path) -> list[Source]:
    """The files of requests at a place, read with the files of results there.

    Args:
        sources: all files of the place.
        requests: files of requests that were named apart; none where they are in the place too.
        place: for errors.

    Raises:
        ValueError: there are results, and no requests.
    """
    requested = [source for source in sources if _asks(source)]
    answered = [source.path for source in sources if source not in requested]
    asked = requests or requested
    if not answered:
        return list(sources)
    if not asked:
        raise ValueError(f"{place} holds results of a batch, and what was asked is in the file of its requests: name "
                         "that with --questions FILE, or a folder that holds both")  # fmt: skip
    reader = OpenAIBatch(replies=BatchReplies(answered, read_raw))
    return [replace(source, reader=reader) for source in asked]


def _asks(source: Source) -> bool:
    """Whether the first good line of a file is a request and no result."""
    return "body" in next((raw.fields for raw in read_raw(source.path) if raw.fault is None), {})
