"""What a user of Python needs that is no class or function of one layer: models and questions by name."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from seewhy.model.plan import ComputePlan
from seewhy.model.weights import weights_place
from seewhy.records.types import Question, Split
from seewhy.runs.discovery import find_module, load_part


def load_model(name: str, *, label: str = "", compute: ComputePlan | None = None) -> Any:  # noqa: ANN401
    """A model with weights, ready to draw chains and to score them; loads torch.

    Args:
        name: `tiny`, the model that ships with seewhy, a folder in Hugging Face format, or a name on the Hub.
        label: its name in the rows that it makes; empty takes `name`.
        compute: device and precision; left out, float32 on the first GPU or the CPU.
    """
    hub = load_part("model", "families.hub").HubModel
    return hub.load(weights_place(name), label=label or name, compute=compute or ComputePlan())


def load_questions(
    benchmark: str, root: str | Path, split: Split | str = Split.TRAIN, *, count: int = 100
) -> list[Question]:
    """At most `count` questions of a split.

    Args:
        benchmark: a file of `seewhy/benchmarks`, such as `inkgrid`, `jsonl` or `scienceqa`.
        root: the file or folder that it reads; where inkgrid draws its pages.
        split: `train`, `validation`, `test` or `shifted`.
        count: the first so many.
    """
    found: Iterator[Question] = find_module("benchmarks", benchmark).load(Path(root), Split(split), count=count)
    return list(found)
