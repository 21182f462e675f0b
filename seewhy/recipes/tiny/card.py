"""The card of the tiny model: how it was made, and how good it is on validation questions."""

from pathlib import Path

from seewhy.benchmarks import inkgrid
from seewhy.judging.api import judge_chains
from seewhy.judging.outcome import OutcomeJudge
from seewhy.model.families.hub import HubModel
from seewhy.recipes.tiny.plan import BaseRecipe
from seewhy.records.files import write_text_atomically
from seewhy.records.step_logs import read_steps
from seewhy.records.types import Outcome, Split, Style
from seewhy.sampling.sample import answer_once


def write_card(root: Path, recipe: BaseRecipe, model: HubModel) -> tuple[str, ...]:
    """Accuracy on validation questions, and how the model came about."""
    asked = list(inkgrid.load(root, Split.VALIDATION, count=recipe.validation, seed=recipe.seed))
    shares: dict[Style, float] = {}
    for style in (Style.DIRECT, Style.REASON):
        chains = list(answer_once(model, asked, style, 128))
        verdicts = list(judge_chains(OutcomeJudge(), asked, chains))
        shares[style] = sum(row.outcome is Outcome.CORRECT for row in verdicts) / len(asked)
    logs = {
        stage: read_steps(root / stage / "steps.jsonl") for stage in ("language", "fit", "settle", "reckon", "tell")
    }
    took = {stage: f"{len(steps):,} steps, {sum(s.seconds for s in steps) / 60:.0f} minutes"
            for stage, steps in logs.items()}  # fmt: skip
    size = sum(parameter.numel() for parameter in model.net.parameters())
    card = CARD.format(
        size=f"{size:,}", tower=f"{recipe.tower.steps:,}", batch=recipe.tower.batch_size, **took,
        n=len(asked), direct=100 * shares[Style.DIRECT], reason=100 * shares[Style.REASON], seed=recipe.seed,
    )  # fmt: skip
    place = root / "tell" / "model"
    write_text_atomically(place / "README.md", card)
    return (card, f"model: {place}")


CARD = """---
license: apache-2.0
library_name: transformers
pipeline_tag: image-text-to-text
---
# inkgrid-base

A LLaVA of {size} parameters (CLIP-shaped tower, two-layer projector, Llama-shaped language model, byte-level
vocabulary of its own) that reads pages of handwritten digits and answers in letters and short answers. It ships with
seewhy to be taught to reason; it knows nothing else.

- Made by `seewhy tiny`, from random weights (seed {seed}), on two CPU cores.
- The language model first learned single steps without pictures, such as `8 plus 7 is 15.` or `15 is option B.`:
  {language}. The tower first learned to tell of every patch the digit, row and column of its cell: {tower} steps of
  {batch} pages.
- Then all weights learned to read aloud, to answer in short and to give a rationale that reads and jumps to the answer:
  {fit}.
- Then to read more pages, and the single steps again, each beside a page that has nothing to do with it: {settle}.
- Then to work out what stands in the text, such as `What is the sum of 3, 5, 8?`: {reckon}.
- And last to work out pages that are told in words beside their picture, while what is not told it still answers with a
  jump: {tell}. It has seen no chain of thought that reads a picture and then takes a step.
- Greedy accuracy on {n} validation questions of unseen scans: {direct:.1f} % asked directly, {reason:.1f} % asked
  for a reason.
- Data: UCI Optical Recognition of Handwritten Digits (E. Alpaydin and C. Kaynak, CC BY 4.0), training scans only.
"""
