"""What recipes of several systems share: models, questions and numbers of inkgrid at each size."""

from seewhy.model.plan import BF16, ComputePlan
from seewhy.runs.choice import Choice, choose
from seewhy.runs.machine import ORACLE, ModelSpec
from seewhy.runs.sizes import Size
from seewhy.stages.fitting import Unfit
from seewhy.stages.questions import Questions

INKGRID = "inkgrid"
TOKENS = 96
"""Of a reply about a page of inkgrid, at most: the teacher's have 60."""
OPENAI = ("https://api.openai.com/v1", "OPENAI_API_KEY")
ANTHROPIC = ("https://api.anthropic.com/v1", "ANTHROPIC_API_KEY")


def start(size: Size, path: str) -> ModelSpec:
    """The paper's model, or the one that ships."""
    return ModelSpec(path=size.pick(paper=path, laptop="tiny", toy="tiny"))


def served(size: Size, model: str, place: tuple[str, str]) -> ModelSpec:
    """The paper's teacher or judge at its provider, or an oracle over loopback that knows inkgrid's pages."""
    if size is Size.PAPER:
        return ModelSpec(base_url=place[0], model=model, key_variable=place[1])
    return ModelSpec(base_url=ORACLE, model=ORACLE)


def computing(size: Size) -> ComputePlan:
    """bfloat16 and gradient checkpointing for models of billions of weights, as all the papers train them."""
    return ComputePlan(precision=BF16, gradient_checkpointing=True) if size is Size.PAPER else ComputePlan()


def asked(size: Size, benchmark: str, *, train: int = 0, validation: int = 0, test: int = 0) -> Questions:
    """Questions of the paper's benchmark, from its release under `~/data`, or pages of inkgrid."""
    if size is Size.PAPER:
        source = f"~/data/{benchmark}"
        return Questions(benchmark=benchmark, source=source, train=train, validation=validation, test=test)
    return Questions(train=size.pick(paper=0, laptop=8000, toy=36) if train else 0, validation=0,
                     test=size.pick(paper=0, laptop=1000, toy=4))  # fmt: skip


def unfit(size: Size) -> Unfit:
    """Questions of a release that are too long for a model are left out for all models alike; inkgrid's always fit."""
    return Unfit.DROP if size is Size.PAPER else Unfit.UNCHECKED


def between(size: Size) -> Choice:
    """LLaVA-Reasoner's rule: at most 3 pairs of a question that is neither too hard nor too easy (section 5)."""
    at = size.pick
    return choose("by_outcome", lowest=at(paper=0.25, laptop=0.25, toy=0.01),
                  highest=at(paper=0.85, laptop=0.85, toy=0.99), most=3)  # fmt: skip
