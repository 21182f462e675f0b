"""A folder of rows to the Hub in one commit, and from it; nothing that names this machine is sent."""

import json
import os
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from huggingface_hub import CommitOperationAdd, HfApi
from huggingface_hub.errors import (
    EntryNotFoundError,
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    OfflineModeIsEnabled,
    RemoteEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from seewhy.formats.hub.card import read_card

CARD = "README.md"
SENT = {"dataset": "Rows", "model": "Model"}
MOST_FILES = 1000
"""Of one commit: thousands of small files are refused by the Hub's limits on requests."""
TEXTS = (".json", ".jsonl", ".md", ".txt")
ENDINGS = (*TEXTS, ".parquet", ".zip", ".tar", ".png", ".jpg", ".webp", ".gif", ".bmp", ".tif")
"""Files that are sent; logs, weights and all else stay."""
BLOCK = 1 << 20
MOST_ROOT = 2
"""Characters of a home folder that names nobody, as `/` of a container."""
TRANSPORT = cast(type[Exception], HfHubHTTPError.__mro__[1])
"""What the client below huggingface_hub raises where no Hub answers, and the Hub's own refusals with it."""
FAILURES = (TRANSPORT, EntryNotFoundError, OfflineModeIsEnabled, json.JSONDecodeError)
"""What the library raises where the Hub does not do what is asked, or is none; `EntryNotFoundError` where it cannot be
reached too."""
REMEDIES: Mapping[type[Exception], str] = {
    RevisionNotFoundError: "name a branch, tag or commit of it with --revision",
    GatedRepoError: "ask its owner for access on its page, and log in with `hf auth login`",
    RepositoryNotFoundError: "check its name, or log in with `hf auth login` where it is private",
    OfflineModeIsEnabled: "take the variable HF_HUB_OFFLINE away",
    json.JSONDecodeError: "check the address of the Hub, --endpoint or the variable HF_ENDPOINT",
}
FORBIDDEN = (401, 403)
"""Status of an answer to a key that may not do this."""
SHOWN, LONGEST = 2, 300
"""Lines of what the library says, which advice follows, and their characters, at most."""
UNFINISHED = ".unfinished"
"""In a folder that was not fetched whole: what is fetched."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What is sent."""

    files: tuple[Path, ...]
    size: int
    """Bytes of all."""
    changed: Mapping[Path, bytes] = field(default_factory=dict[Path, bytes])
    """What is sent in place of a file's own content."""


def outgoing(folder: Path) -> Outgoing:
    """The files of a folder that are sent: rows, pictures and lists of files; reports and hidden files stay.

    Raises:
        ValueError: there are none or too many, a link, or one that names a path of this machine.
    """
    found = [path for path in sorted(folder.rglob("*")) if _is_sent(path, folder)]
    if not found:
        raise ValueError(f"{folder} holds no rows to send")
    if len(found) > MOST_FILES:
        raise ValueError(f"{folder} has {len(found):,} files, and at most {MOST_FILES:,} are sent; convert it to one "
                         "whose rows hold their pictures first (`--to trl`)")  # fmt: skip
    for path in found:
        require_portable(path)
    return Outgoing(files=tuple(found), size=sum(path.stat().st_size for path in found))


def _is_sent(path: Path, folder: Path) -> bool:
    names = path.relative_to(folder).parts
    if any(name.startswith((".", "_")) for name in names):
        return False
    if path.is_symlink():
        raise ValueError(f"{path} is a symbolic link, and links are not sent; put the file itself there")
    return path.is_file() and path.suffix in ENDINGS and path.name != CARD


def require_portable(path: Path) -> None:
    """Refuse a file that names a path of this machine."""
    home = str(Path.home()) + os.sep
    if len(home) > MOST_ROOT and path.suffix in TEXTS:
        with path.open("rb") as file:
            _refuse_home(path, iter(lambda: file.read(BLOCK), b""), home)
    elif path.suffix == ".parquet":
        if len(home) > MOST_ROOT:
            _refuse_home_in_rows(path, home)
        for number, name in _absolute_pictures(path):
            raise ValueError(f"{path}:{number}: its picture {name!r} is outside of the folder; convert the set "
                             "first (`--to swift`), which puts pictures beside the rows")  # fmt: skip


def _refuse_home(path: Path, blocks: Iterable[bytes], home: str) -> None:
    # JSON may write a letter that is not ASCII as an escape.
    spelt = {home.encode(), json.dumps(home)[1:-1].encode()}
    end = b""
    for block in blocks:
        if any(one in end + block for one in spelt):
            raise ValueError(f"{path} {_names(home)}")
        end = block[-max(map(len, spelt)) :]


def _names(home: str) -> str:
    return f"names {home}, a folder of this machine; take that out, or convert the set first (`--to swift`)"


def _refuse_home_in_rows(path: Path, home: str) -> None:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=1024):
            for place, name in enumerate(batch.schema.names):
                if any(pc.any(pc.match_substring(texts, home)).as_py() for texts in _texts(batch.column(place))):
                    raise ValueError(f"{path}: its column {name!r} {_names(home)}")


def _texts(column: Any) -> Iterator[pa.Array]:  # noqa: ANN401
    """The texts of a column, within its structs, lists and mappings too."""
    kind = column.type
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        yield column
    elif pa.types.is_dictionary(kind):
        yield from _texts(column.dictionary)
    elif pa.types.is_map(kind):
        yield from _texts(column.keys)
        yield from _texts(column.items)
    elif pa.types.is_struct(kind):
        for part in column.flatten():
            yield from _texts(part)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        yield from _texts(column.flatten())


def _absolute_pictures(path: Path) -> Iterable[tuple[int, str]]:
    """Rows of our own questions whose pictures have an absolute path."""
    with pq.ParquetFile(path) as file:
        if not {"images", "benchmark", "gold"} <= set(file.schema_arrow.names):
            return
        number = 0
        for batch in file.iter_batches(batch_size=1024, columns=["images"]):
            for images in batch.column("images").to_pylist():
                number += 1
                yield from ((number, image["path"]) for image in images if Path(image["path"]).is_absolute())


def push(
    folder: Path, sent: Outgoing, repo: str, card: Callable[[str], str], *, public: bool, endpoint: str | None = None,
    kind: str = "dataset",
) -> str:  # fmt: skip
    """Send files and card in one commit, so that an error leaves what was there; the address of the commit.

    Args:
        folder: of the files.
        sent: which of them.
        repo: name on the Hub, `user/name`; made where it is not there.
        card: makes the card from that which is there.
        public: whether all may see it, where it is made.
        endpoint: address of the Hub.
        kind: `dataset` or `model`.

    Raises:
        ValueError: the Hub refuses; the message says why.
    """
    api = HfApi(endpoint=endpoint)
    try:
        api.create_repo(repo, repo_type=kind, private=not public, exist_ok=True)
        text = card(_there(api, repo, kind))
        operations = [
            CommitOperationAdd(path_in_repo=path.relative_to(folder).as_posix(),
                               path_or_fileobj=sent.changed.get(path, path))
            for path in sent.files
        ]  # fmt: skip
        operations.append(CommitOperationAdd(path_in_repo=CARD, path_or_fileobj=text.encode()))
        done = api.create_commit(repo, operations, commit_message=f"{SENT[kind]} written by seewhy", repo_type=kind)
    except FAILURES as error:
        raise _refused(f"{repo} was not sent, and holds what it held before", error) from error
    except ValueError as error:
        raise ValueError(f"{repo}, {error}") from error
    return str(done.commit_url)


def _refused(said: str, error: Exception) -> ValueError:
    """What the Hub said, in one line, and what to do."""
    why = error.__cause__ if isinstance(error, LocalEntryNotFoundError) and error.__cause__ else error
    status = why.response.status_code if isinstance(why, HfHubHTTPError) else 0
    usual = "give a key that may, with `hf auth login`" if status in FORBIDDEN else "run the same command again"
    remedy = next((words for kind, words in REMEDIES.items() if isinstance(why, kind)), usual)
    lines = [line for line in str(why).splitlines() if line.strip()]
    return ValueError(f"{said} ({textwrap.shorten(' '.join(lines[:SHOWN]), LONGEST)}); {remedy}")


def _there(api: HfApi, repo: str, kind: str) -> str:
    """The card that the repository has; empty where it has none.

    It is fetched into a folder of its own: where the Hub does not answer, the library would take an older copy.
    """
    with TemporaryDirectory() as folder:
        try:
            return read_card(Path(api.hf_hub_download(repo, CARD, repo_type=kind, local_dir=folder)))
        except RemoteEntryNotFoundError:
            return ""


def pull(repo: str, out: Path, *, revision: str = "main", endpoint: str | None = None) -> Sequence[str]:
    """Fetch a data set into a new or empty folder, or go on with one that was not fetched whole; names of its files.

    Raises:
        ValueError: the folder holds files, or the Hub refuses.
    """
    mark, wanted = out / UNFINISHED, f"{repo}@{revision}\n"
    is_begun = not out.is_symlink() and mark.is_file() and mark.read_text(encoding="utf-8") == wanted
    if not is_begun and (out.is_symlink() or (out.exists() and (not out.is_dir() or any(out.iterdir())))):
        raise ValueError(f"{out} is there already; name a new folder")
    api = HfApi(endpoint=endpoint)
    try:
        found = api.dataset_info(repo, revision=revision)
        out.mkdir(parents=True, exist_ok=True)
        mark.write_text(wanted, encoding="utf-8")
        api.snapshot_download(repo, repo_type="dataset", revision=found.sha, local_dir=out)
    except FAILURES as error:
        raise _refused(f"{repo} was not fetched", error) from error
    names = sorted(one.rfilename for one in found.siblings or ())
    # Where the Hub stops answering, the library returns a folder that is there as it is.
    if missing := [name for name in names if not (out / name).is_file()]:
        raise ValueError(f"{repo} was not fetched whole: {missing[0]} is missing; run the same command again")
    mark.unlink()
    return names
