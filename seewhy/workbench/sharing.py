"""What a command sends to the Hub: rows with the card of a data set, or a model with that of its run."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from seewhy.formats.converting.reading import ReadPlan, Tally
from seewhy.formats.converting.stats import stats_of
from seewhy.formats.hub.card import card_of
from seewhy.formats.hub.models import card_to_send, is_model, outgoing_model, own_card
from seewhy.formats.hub.sharing import Outgoing, outgoing
from seewhy.formats.seewhy import QUESTIONS
from seewhy.runs.model_cards import ADAPTER, write_model_cards
from seewhy.runs.open import open_run
from seewhy.runs.run import MODEL
from seewhy.runs.yaml_text import RECIPE_FILE
from seewhy.workbench.converting import sources_at

Layout = Literal["merged", "peft"]
FOLDERS: dict[Layout, str] = {"merged": MODEL, "peft": ADAPTER}
NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?")
AS_FOUND = ReadPlan()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What would be sent, and the card that goes with it."""

    kind: Literal["model", "dataset"]
    folder: Path
    sent: Outgoing
    card: Callable[[str], str]
    """Makes the card from that which is there."""

    @property
    def names(self) -> list[str]:
        """Files, as they are called there."""
        return [path.relative_to(self.folder).as_posix() for path in self.sent.files]


def parcel_of(place: Path, repo: str, layout: Layout | None, base: str, licence: str) -> Parcel:
    """What a folder sends: the model that it holds or that a training left in it, or its rows.

    Args:
        place: a model's folder, a training's step of a run, or a folder of rows.
        repo: the name on the Hub, `user/name`.
        layout: of a training's step: the merged model, or the adapter alone in peft's format; the model if None.
        base: name on the Hub of the model that was trained, where it was opened from a folder.
        licence: by the Hub's name for it.

    Raises:
        ValueError: nothing there can be sent.
    """
    if not NAME.fullmatch(repo):
        raise ValueError(f"{repo!r} is no name on the Hub; give OWNER/NAME, of letters, digits, '-', '_' and '.'")
    if not place.exists():
        raise ValueError(f"{place}: no such folder; name a model's, a training's step of a run, or one of rows")
    if (place / RECIPE_FILE).is_file():
        run = open_run(place)
        trained = [str(place / step) for step in run.steps() if (place / step / MODEL).is_dir()]
        told = f"name a step of it that trained a model: {', '.join(trained)}" if trained else "it has trained no model"
        raise ValueError(f"{place} is a run; {told}")
    folder = _model_folder(place, layout)
    if folder is not None:
        run_place = next((above for above in folder.resolve().parents[:3] if (above / RECIPE_FILE).is_file()), None)
        if run_place is not None:
            write_model_cards(open_run(run_place))
        own = own_card(folder)
        return Parcel(kind="model", folder=folder, sent=outgoing_model(folder, base),
                      card=lambda before: card_to_send(folder, own, before, repo, base, licence))  # fmt: skip
    if layout or base:
        raise ValueError(f"{place} holds no model; leave --layout and --base away to send rows")
    return _rows(place, licence)


def _model_folder(place: Path, layout: Layout | None) -> Path | None:
    """The folder of weights that is meant; None where there is none."""
    if is_model(place):
        return place
    folder = place / FOLDERS[layout or "merged"]
    if is_model(folder):
        return folder
    if layout == "peft" and is_model(place / MODEL):
        raise ValueError(f"{place} has no folder {folder.name!r}: it was trained without an adapter; leave --layout "
                         "peft away, or train with --adapter.rank 64")  # fmt: skip
    if is_model(place / ADAPTER):
        raise ValueError(f"{place} has no folder {folder.name!r}, and has an adapter: send that with --layout peft, or "
                         "train again to have it merged")  # fmt: skip
    return None


def _rows(folder: Path, licence: str) -> Parcel:
    sent, tally = outgoing(folder), Tally()
    sources = sources_at(folder)
    stats = stats_of(sources, AS_FOUND, tally)
    if tally.bad:
        raise ValueError(f"{tally.bad:,} rows are bad; first {next(iter(tally.first.values()))}. Nothing was sent")
    questions = [path for path in sent.files if path.parent == folder / QUESTIONS]
    parts = {"default": [source.path for source in sources], QUESTIONS: questions}
    configs = {name: [path.relative_to(folder).as_posix() for path in paths] for name, paths in parts.items() if paths}
    rows = sum(stats.kinds.values())
    return Parcel(kind="dataset", folder=folder, sent=sent,
                  card=lambda before: card_of(before, list(stats.lines()), configs, rows, licence))  # fmt: skip
