"""Training steps of real nets, each in a process of its own: their peak as predicted before, and as measured.

Forked from one process that has the libraries loaded; no setting shares memory with another.
"""

import json
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoModelForImageTextToText, CLIPVisionConfig, LlamaConfig, LlavaConfig

from seewhy.model.loading.adapters import attach, is_adapted
from seewhy.model.loading.opening import computing
from seewhy.model.packed.group import Group, Prompt, tokens_of
from seewhy.model.packed.recompute import enable_checkpointing
from seewhy.model.packed.scores import packed_logps
from seewhy.model.plan import BF16, FLOAT32, AdapterPlan, ComputePlan
from seewhy.objectives.sft import SFT
from seewhy.records.types import Gold, MatchRule, Question, Response, Split, Style
from seewhy.training.examples import TrainingExample
from seewhy.training.grouping import forwards_of
from seewhy.training.memory.estimate import step_bytes
from seewhy.training.memory.peak import PROCESS, StepPeak
from seewhy.training.memory.trace import meta_net, trace_memory, weight_bytes
from seewhy.training.monitor.plan import UNGUARDED
from seewhy.training.optimizers import optimizer_of
from seewhy.training.plan import FitPlan
from seewhy.training.schedule import moved_parameters
from seewhy.training.scoring import LessonScoring
from seewhy.training.step import Run, take_step

PATCH, STEPS, PICTURE_TOKEN = 14, 2, 3
MIB = 2**20


@dataclass(frozen=True, kw_only=True)
class Setting:
    """A net, and the rows of one step: `questions` prompts with `responses` responses each."""

    width: int
    layers: int
    feed_forward: int
    vocabulary: int
    questions: int
    prompt: int
    responses: int
    response: int
    pictures: int = 0
    side: int = 112
    tower_width: int = 64
    tower_layers: int = 1
    tower_rate: float = 0.0
    row_tokens: int = 16384
    key_heads: int = 2
    rank: int = 0
    half: bool = False
    checkpointed: bool = False

    def config(self) -> LlavaConfig:
        tower = CLIPVisionConfig(
            hidden_size=self.tower_width, intermediate_size=4 * self.tower_width, num_hidden_layers=self.tower_layers,
            num_attention_heads=4, image_size=self.side, patch_size=PATCH,
        )  # fmt: skip
        text = LlamaConfig(
            vocab_size=self.vocabulary, hidden_size=self.width, intermediate_size=self.feed_forward,
            num_hidden_layers=self.layers, num_attention_heads=4, num_key_value_heads=self.key_heads,
            max_position_embeddings=8192, pad_token_id=0, bos_token_id=None, eos_token_id=1,
        )  # fmt: skip
        return LlavaConfig(vision_config=tower, text_config=text, image_token_index=PICTURE_TOKEN,
                           vision_feature_layer=-1, image_seq_length=(self.side // PATCH) ** 2)  # fmt: skip

    @property
    def compute(self) -> ComputePlan:
        return ComputePlan(device="cpu", precision=BF16 if self.half else FLOAT32,
                           gradient_checkpointing=self.checkpointed)  # fmt: skip

    def plan(self) -> FitPlan:
        return FitPlan(learning_rate=1e-4, tower_learning_rate=self.tower_rate, batch_size=64,
                       row_tokens=self.row_tokens)  # fmt: skip


SETTINGS = {
    "long rows of many branches": Setting(width=192, layers=4, feed_forward=512, vocabulary=1000, questions=2,
                                          prompt=300, responses=12, response=100),
    "a large vocabulary": Setting(width=128, layers=1, feed_forward=256, vocabulary=100_000, questions=1, prompt=40,
                                  responses=4, response=100),
    "many parameters, short rows": Setting(width=768, layers=6, feed_forward=2048, vocabulary=4000, questions=1,
                                           prompt=30, responses=2, response=10),
    "pictures, and the tower is trained": Setting(width=192, layers=2, feed_forward=512, vocabulary=1000, questions=2,
                                                  prompt=550, responses=3, response=40, pictures=2, side=224,
                                                  tower_width=256, tower_layers=6, tower_rate=1e-5),
    "several passes a step": Setting(width=512, layers=4, feed_forward=1024, vocabulary=1000, questions=3, prompt=100,
                                     responses=4, response=60, row_tokens=400),
    "an adapter": Setting(width=768, layers=6, feed_forward=2048, vocabulary=4000, questions=1, prompt=200, responses=4,
                          response=40, rank=16),
    "checkpointed layers": Setting(width=384, layers=8, feed_forward=1024, vocabulary=1000, questions=2, prompt=300,
                                   responses=8, response=100, checkpointed=True),
}  # fmt: skip

LARGER = {
    "bf16 beside float32 masters": Setting(width=384, layers=4, feed_forward=1024, vocabulary=1000, questions=2,
                                           prompt=300, responses=8, response=100, half=True),
    "an adapter on bf16 weights": Setting(width=768, layers=6, feed_forward=2048, vocabulary=4000, questions=1,
                                          prompt=300, responses=6, response=80, rank=16, half=True),
    "long rows, six layers": Setting(width=256, layers=6, feed_forward=704, vocabulary=1000, questions=1, prompt=500,
                                     responses=16, response=200, key_heads=4),
}  # fmt: skip
"""Too long for the main tests: a CPU without bfloat16 units takes minutes for the two in bf16."""


class Measured:
    """A `Trainable` around a net, paper or real, whose prompts are numbers."""

    def __init__(self, net: nn.Module, setting: Setting) -> None:
        self.net, self.setting = net, setting

    @property
    def fingerprint(self) -> str:
        return ""

    @property
    def settings(self) -> Mapping[str, str]:
        return {}

    @property
    def has_adapter(self) -> bool:
        return False

    def save_adapter(self, directory: Path) -> None:
        raise NotImplementedError(directory)

    def prompt(self, question: Question, style: Style, blind: bool = False) -> Prompt:
        setting = self.setting
        seen = setting.pictures * (setting.side // PATCH) ** 2
        pictures = {"pixel_values": torch.zeros(setting.pictures, 3, setting.side, setting.side)}
        return Prompt(
            ids=(PICTURE_TOKEN,) * seen + (9,) * (setting.prompt - seen), pictures=pictures if setting.pictures else {}
        )

    def response_ids(self, response: Response) -> tuple[int, ...]:
        return response.token_ids or ()

    def group_logps(self, groups: Sequence[Group]) -> list[list[Tensor]]:
        with computing(self.net, self.setting.compute):
            return packed_logps(self.net, groups)

    def group_tokens(self, group: Group) -> int:
        return tokens_of(group)

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        parts: dict[str, list[nn.Parameter]] = {"tower": [], "language": []}
        for name, parameter in self.net.named_parameters():
            parts["tower" if "vision_tower" in name else "language"].append(parameter)
        return parts

    def save(self, directory: Path) -> None:
        raise NotImplementedError


def run_of(net: nn.Module, setting: Setting) -> tuple[Run, torch.optim.AdamW]:
    """A run whose every step takes all rows, and its optimiser; weights that the plan freezes ask for no gradient."""
    gold = Gold(answers=("1",), rule=MatchRule.EXACT)
    asked = {
        f"q{n}": Question(id=f"q{n}", benchmark="b", split=Split.TRAIN, text="?", gold=gold, facets={}, images=())
        for n in range(setting.questions)
    }
    examples = [
        TrainingExample(question_id=name, style=Style.REASON, responses=((10 + number,) * setting.response,))
        for name in asked
        for number in range(setting.responses)
    ]
    model, plan = Measured(net, setting), setting.plan()
    if setting.rank and not is_adapted(net):
        attach(net, AdapterPlan(rank=setting.rank), model.parameter_groups()["language"])
    moved = moved_parameters(model, plan)
    moving = {id(parameter) for part in moved.values() for parameter in part}
    for parameter in net.parameters():
        parameter.requires_grad_(id(parameter) in moving)
        if setting.rank and setting.half and id(parameter) not in moving:
            parameter.data = parameter.data.to(torch.bfloat16)
    run = Run(
        model=model, scoring=LessonScoring(objective=SFT()), examples=examples, questions=asked, plan=plan,
        guard=UNGUARDED, directory=Path("unwritten"), steps=[tuple(range(len(examples)))] * STEPS, extra={},
    )  # fmt: skip
    return run, optimizer_of(moved, plan)


def measure(setting: Setting) -> dict[str, object]:
    """The terms of the prediction, and the highest peak of the steps that were then taken."""
    paper = meta_net(setting.config())
    run, _ = run_of(paper, setting)
    forwards = forwards_of(run.model, run.questions, run.examples, setting.row_tokens)
    heaviest = trace_memory(paper, [shared.group for shared in forwards[0]], is_half=setting.half)
    StepPeak.begin(torch.device("cpu"))
    base = PROCESS.mark_mb()
    told = step_bytes(weight_bytes(paper), heaviest, passes=len(forwards), base=int(base * MIB),
                      is_checkpointed=setting.checkpointed)  # fmt: skip
    torch.manual_seed(0)
    real = AutoModelForImageTextToText.from_config(setting.config()).eval()
    if setting.checkpointed:
        enable_checkpointing(real)
    run, optimizer = run_of(real, setting)
    logs = [take_step(run, optimizer, step, {})[0] for step in range(STEPS)]
    live = told.peak - told.held if told.passes + told.held > told.optimiser else told.peak
    return {
        "live": live / MIB, "base": base, "predicted": told.peak / MIB,
        "measured": max(log.terms["peak_mb"] for log in logs),
        "terms": {name: value / MIB for name, value in asdict(told).items()}, "tokens": logs[0].terms["tokens"],
        "rehearsed": heaviest.tokens, "seconds": sum(log.seconds for log in logs),
    }  # fmt: skip


def in_a_fork(work: Callable[[], object], told: Path) -> None:
    """Do the work in a process of its own and write what it returns; an error there is one here."""
    child = os.fork()
    if child == 0:
        status = 1
        try:
            told.write_text(json.dumps(work()))
            status = 0
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            os._exit(status)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        raise RuntimeError(f"{told.stem}: the process failed")


if __name__ == "__main__":
    torch.set_num_threads(1)
    for name in sys.argv[2:] or SETTINGS:
        in_a_fork(lambda chosen=(SETTINGS | LARGER)[name]: measure(chosen), Path(sys.argv[1]) / f"{name}.json")
