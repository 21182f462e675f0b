"""`seewhy push MODEL | DATA REPO`: a model with the card of its run, or rows, to the Hub."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from seewhy.cli.parsing import parsed
from seewhy.formats.hub.sharing import push
from seewhy.workbench.sharing import Layout, parcel_of

SHOWN = 20
"""Files that are named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushWords:
    """Send a model or a folder of rows to the Hub in one commit, with a card; private unless you say otherwise.

    A model is a folder in Hugging Face format or peft's, or the step of a run that trained it; its card says what the
    run knows: base, data, method, score card, limits, how to load it. What a person wrote into the card stays. The key
    is that of `hf auth login`, or the variable HF_TOKEN.

    Exit status: 0 when it is sent, 2 where something cannot be sent or the Hub refuses: nothing is changed then.
    """

    place: tyro.conf.Positional[Path]
    """The folder that is sent."""
    repo: tyro.conf.Positional[str]
    """Where to: OWNER/NAME."""
    layout: Layout | None = None
    """Of a training with an adapter: the merged model, or the adapter alone (peft); merged unless it is said."""
    base: str = ""
    """Name on the Hub of the model that was trained, where it was opened from a folder."""
    license: str = ""
    """By the Hub's name for it, such as cc-by-4.0."""
    public: bool = False
    """Let all see it, where the repository is made by this."""
    endpoint: str | None = None
    """Address of the Hub; else that of the variable HF_ENDPOINT."""
    dry_run: Annotated[bool, tyro.conf.arg(name="dry-run")] = False
    """Show what would be sent, and the card, and send nothing."""
    json: bool = False
    """Print one JSON object."""


def run(words: Sequence[str], prog: str = "seewhy push") -> int:
    """Send what the words name; 0 when it is there.

    Raises:
        ValueError: there is nothing that can be sent, or the Hub refuses.
    """
    said = parsed(PushWords, words, prog)
    parcel = parcel_of(said.place, said.repo, said.layout, said.base, said.license)
    seen = "public" if said.public else "private"
    if not said.json:
        print(f"{len(parcel.names):,} files, {parcel.sent.size:,} bytes, to the {parcel.kind} {said.repo} ({seen}):")
        print("\n".join(f"  {name}" for name in parcel.names[:SHOWN]))
        if len(parcel.names) > SHOWN:
            print(f"  ... and {len(parcel.names) - SHOWN:,} more")
    commit = "" if said.dry_run else push(parcel.folder, parcel.sent, said.repo, parcel.card, public=said.public,
                                          endpoint=said.endpoint, kind=parcel.kind)  # fmt: skip
    if said.json:
        plain = {"kind": parcel.kind, "repo": said.repo, "visibility": seen, "files": parcel.names,
                "bytes": parcel.sent.size, "commit": commit}  # fmt: skip
        print(json.dumps({**plain, **({"card": parcel.card("")} if said.dry_run else {})}, indent=1))
    else:
        print(commit or parcel.card(""))
    return 0
