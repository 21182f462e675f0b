"""The table of all families that can be built: each is packed, branched, separate or refused, by trial.

`python bench/family_table.py` writes it into `docs/families.md`.
"""

import logging
import tempfile
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from families import FAMILIES
from families_wide import KINDS, LANGUAGES, full_net, over, small_net, text_group
from transformers import PreTrainedModel
from untrained import picture, question

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.families.hub import HubModel
from seewhy.model.generation.decode import check_drawing
from seewhy.model.loading.supported import OTHERWISE, check_supported
from seewhy.model.packed.scores import Path as ScorePath
from seewhy.model.packed.trials import check_head, check_paths
from seewhy.records.types import Style

PAGE = Path(__file__).parents[2] / "docs" / "families.md"
BEGIN, END = "<!-- all families: written by bench/family_table.py -->", "<!-- end of all families -->"
HEAD = "| family | tried with | scored | drawn | why |\n|---|---|---|---|---|"
DRAWN = {
    ScorePath.PACKED: "branches",
    ScorePath.CONTINUED: "separate rows",
    ScorePath.SEPARATE: "separate rows",
}
MISFIT = "RuntimeError"
"""Of a net that does not run as it was made here: sizes that do not fit together say nothing of the family."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What was found of a family."""

    family: str
    tried: str
    """`pictures` and text through the family's processor; `text`, as numbers; `settings` alone."""
    scored: str
    drawn: str = "–"
    why: str = "–"

    @property
    def line(self) -> str:
        """Of the table."""
        return f"| {self.family} | {self.tried} | {self.scored} | {self.drawn} | {self.why} |"


def seen_row(model: HubModel, family: str, folder: Path) -> Row:
    """Of a family with its processor: a prompt with a picture is scored and drawn from."""
    asked = question(1, picture(folder, 1))
    model.generate([GenerateRequest(question=asked, style=Style.REASON)], SamplingParams(max_tokens=2))
    scored, drawn = model.checks[True], model.draw_checks.get(True)
    how = drawn.path if drawn is not None else ScorePath.SEPARATE
    why = scored.why if not scored.is_packed else drawn.why if drawn is not None and not drawn.is_packed else "–"
    return Row(family=family, tried="pictures", scored=scored.path, drawn=DRAWN[how], why=short(why))


def short(why: str) -> str:
    """Without the consequence, which is a column, and without figures that depend on the machine."""
    return why.split("; ")[0].split(" (log-probability")[0].replace("|", "/")


def refusal(family: str, tried: str, error: ValueError) -> Row:
    """Of a net that is refused by name."""
    return Row(family=family, tried=tried, scored="refused", why=short(str(error).removesuffix(f"; {OTHERWISE}")))


def text_row(net: PreTrainedModel, kind: str) -> Row | None:
    """Of a language model on text alone; None where sizes do not fit together here."""
    try:
        check_supported(net)
    except ValueError as error:
        return refusal(kind, "settings", error)
    group = text_group(net)
    try:
        check_head(net, group)
    except ValueError as error:
        return None if MISFIT in str(error) else refusal(kind, "text", error)
    scored = check_paths(net, [group])
    ask = GenerateRequest(question=question(1), style=Style.REASON)
    drawn = check_drawing(net, group.prompt, ask, ()) if scored.is_packed else scored
    why = scored.why if not scored.is_packed else drawn.why if not drawn.is_packed else "–"
    return Row(family=kind, tried="text", scored=scored.path, drawn=DRAWN[drawn.path], why=short(why))


def wide_row(kind: str) -> Row | None:
    """Of a family by its settings; None where it cannot be built here."""
    net = small_net(kind)
    if not isinstance(net, str):
        return text_row(net, kind)
    paper = full_net(kind)
    try:
        if paper is not None:
            check_supported(paper)
    except ValueError as error:
        return refusal(kind, "settings", error)
    return None


def rows(folder: Path) -> Iterator[Row]:
    """All rows: families with their processors, text models under a LLaVA, and all others by their settings."""
    tried = {family.name for family in FAMILIES}
    for family in FAMILIES:
        yield seen_row(family.make(), family.name, folder)
    for kind in LANGUAGES:
        yield seen_row(over(kind), f"LLaVA over {kind}", folder)
    for kind in KINDS:
        row = wide_row(kind) if kind not in tried else None
        if row is not None:
            yield row


def written(folder: Path) -> str:
    """The table as it belongs into the page."""
    return "\n".join([BEGIN, HEAD, *(row.line for row in rows(folder)), END])


def on_page(text: str) -> str:
    """The table in the page's text."""
    return text[text.index(BEGIN) : text.index(END) + len(END)]


def write() -> None:
    """Puts the table into the page."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    torch.set_num_threads(1)
    page = PAGE.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as place:
        PAGE.write_text(page.replace(on_page(page), written(Path(place))), encoding="utf-8")
