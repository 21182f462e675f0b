"""The batch API by the `openai` library; the one file that sends by it."""

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from openai import AsyncOpenAI, DefaultAsyncHttpxClient, OpenAIError
from openai.types import Batch

from seewhy.endpoints.batch.jobs import BatchLook, BatchStage
from seewhy.endpoints.batch.ordering import CALL

NO_KEY = "none"
"""What is sent as a key where the server wants none: the library insists on one."""
TAG = "seewhy"
"""The name under which a batch carries our mark."""
STAGES = {
    "completed": BatchStage.DONE, "failed": BatchStage.FAILED, "expired": BatchStage.FAILED,
    "cancelled": BatchStage.FAILED,
}  # fmt: skip

NONE: Mapping[str, str] = {}


class LibraryBatches:
    """The batch API by the `openai` library, which tries again what may pass."""

    def __init__(
        self, base_url: str, key: str, window: str, headers: Mapping[str, str] = NONE, query: Mapping[str, str] = NONE
    ) -> None:  # fmt: skip
        # Requests and their pictures go to the address that was named, and to no other.
        self._client = AsyncOpenAI(
            base_url=base_url,
            api_key=key or NO_KEY,
            max_retries=5,
            default_headers=dict(headers),
            default_query=dict(query),
            http_client=DefaultAsyncHttpxClient(follow_redirects=False),
        )
        self._window = window

    async def upload(self, content: bytes) -> str:
        """The id of a file of requests."""
        with as_os_error("upload requests"):
            return (await self._client.files.create(file=("requests.jsonl", content), purpose="batch")).id

    async def create(self, file_id: str, tag: str) -> BatchLook:
        """Order the answers to an uploaded file."""
        with as_os_error("order a batch"):
            # The library names the windows it knows; a provider may have others.
            window: Any = self._window
            batch = await self._client.batches.create(
                input_file_id=file_id, endpoint=CALL, completion_window=window, metadata={TAG: tag}
            )
            return look_at(batch)

    async def find(self, tag: str) -> BatchLook | None:
        """The batch with a tag, if there is one."""
        with as_os_error("list batches"):
            async for batch in self._client.batches.list(limit=100):
                if (batch.metadata or {}).get(TAG) == tag:
                    return look_at(batch)
            return None

    async def look(self, batch_id: str) -> BatchLook:
        """How far it is."""
        with as_os_error(f"look at batch {batch_id}"):
            return look_at(await self._client.batches.retrieve(batch_id))

    async def download(self, file_id: str) -> bytes:
        """A file of answers."""
        with as_os_error(f"download {file_id}"):
            return (await self._client.files.content(file_id)).content

    async def close(self) -> None:
        """Let all connections go."""
        await self._client.close()


@contextmanager
def as_os_error(what: str) -> Generator[None]:
    """Turns the library's errors into an OSError that says what was being done."""
    try:
        yield
    except OpenAIError as error:
        raise OSError(f"cannot {what}: {error}. Run again: what was ordered is known and will be collected") from error


def look_at(batch: Batch) -> BatchLook:
    """A batch of the library as we see it."""
    stage = STAGES.get(batch.status, BatchStage.RUNNING)
    failed = batch.errors.data if batch.errors and batch.errors.data else []
    has_files = bool(batch.output_file_id or batch.error_file_id)
    # What expired or was cancelled has the answers that came before.
    return BatchLook(
        batch_id=batch.id,
        stage=BatchStage.DONE if stage is BatchStage.FAILED and has_files else stage,
        output_file=batch.output_file_id or "",
        error_file=batch.error_file_id or "",
        words="; ".join([batch.status, *(str(error.message) for error in failed)]),
    )
