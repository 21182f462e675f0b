"""MPO of all weights on pairs that are there: MMPR's own files, on InternVL3-8B at the rate of its generation."""

from dataclasses import replace

from seewhy.recipes.mpo import INTERNVL3, MEASURED, by_answer, measured, optimised
from seewhy.recipes.shared import INKGRID, OPENAI, asked, computing, served, start
from seewhy.runs.api import Stage
from seewhy.runs.recipe import Recipe
from seewhy.runs.sizes import Size
from seewhy.stages.report import Report

PAIRS, ASKED = "mmpr", "mmpr-questions"
"""As `seewhy data convert MMPR ~/data/mmpr --to seewhy` leaves them."""


def recipe(size: Size = Size.PAPER) -> Recipe:
    """Script of InternVL3-8B: 2e-7, 12,288 tokens, batch 256, MMPR-v1.2; small sizes make the pairs themselves."""
    steps: dict[str, Stage] = {}
    if size is Size.PAPER:
        mpo = optimised(size, {PAIRS: 1.0}, INTERNVL3)
        steps["m3cot"] = asked(size, "m3cot", test=MEASURED["m3cot"])
        mpo = replace(mpo, questions=ASKED, fit=replace(mpo.fit, row_tokens=12_288, warmup=0.03))
    else:
        steps |= {INKGRID: asked(size, INKGRID, train=1, test=1), **by_answer(size, INKGRID)}
        mpo = optimised(size, {f"{INKGRID}-right": 1.0})
    return Recipe(
        name=f"mpo-full-{size.value}", compute=computing(size),
        steps={**steps, "mpo": mpo, **measured(size), "report": Report()},
        models={"base": start(size, INTERNVL3), "judge": served(size, "gpt-4o", OPENAI)},
        inputs={PAIRS: "~/data/mmpr", ASKED: "~/data/mmpr/questions"} if size is Size.PAPER else {},
    )  # fmt: skip
