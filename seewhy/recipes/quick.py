"""inkgrid at a small size, to try things on: every kind of training step on the shipped model, few questions."""

from dataclasses import replace

from seewhy.recipes.inkgrid import recipe as inkgrid
from seewhy.runs.choice import choose
from seewhy.runs.recipe import Recipe
from seewhy.stages.distil import Distil
from seewhy.stages.evaluate import Evaluate
from seewhy.stages.lessons import Lessons
from seewhy.stages.pair import PairChains
from seewhy.stages.questions import Questions
from seewhy.stages.sample import Sample

ASKED = 128
"""Questions of each step."""
LEFT_OUT = ("verifier", "credit")


def recipe() -> Recipe:
    """The steps of inkgrid but the verifier's, each with few questions; questions with options are sampled too."""
    base = inkgrid()
    steps = {name: step for name, step in base.steps.items() if name not in LEFT_OUT}
    for name, step in steps.items():
        match step:
            case Questions():
                steps[name] = replace(step, train=2 * ASKED, validation=0, test=ASKED, shifted=0)
            case Distil() | Lessons():
                steps[name] = replace(step, ask=ASKED)
            case Sample():
                steps[name] = replace(step, ask=ASKED // 2, after=ASKED, with_options=True, per_question=8)
            case PairChains():
                steps[name] = replace(step, rule=choose("by_outcome", lowest=0.0, highest=1.0, most=1))
            case Evaluate():
                steps[name] = replace(step, max_tokens=96)
            case _:
                pass
    return replace(base, name="quick", steps=steps)
