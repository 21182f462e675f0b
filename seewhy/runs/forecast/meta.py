"""Models without weights: they encode prompts and know their parts, and training is traced on them."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import GenerationConfig, PreTrainedModel

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.prompting import open_prompting
from seewhy.model.loading.reading import reading, require_pictures
from seewhy.model.packed.group import Group, Prompt, tokens_of
from seewhy.model.plan import BF16, AdapterPlan, ComputePlan
from seewhy.model.prompt_plan import AS_IS, PromptPlan
from seewhy.model.weights import root_of, unopened, weights_place
from seewhy.records.types import Question, Response, Style
from seewhy.training.memory.trace import meta_net
from seewhy.training.plan import FitPlan
from seewhy.training.schedule import moved_parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaModel:
    """A model without weights as training sees it: a `Trainable` that knows its parts, and cannot be run or saved."""

    hub: HubModel
    fingerprint: str = "no weights"
    settings: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def has_adapter(self) -> bool:
        """As the model with weights."""
        return self.hub.has_adapter

    @property
    def net(self) -> PreTrainedModel:
        """On the meta device."""
        return self.hub.net

    def prompt(self, question: Question, style: Style, blind: bool = False) -> Prompt:
        """As the model with weights."""
        return self.hub.prompt(question, style, blind)

    def response_ids(self, response: Response) -> tuple[int, ...]:
        """As the model with weights."""
        return self.hub.response_ids(response)

    def group_tokens(self, group: Group) -> int:
        """As the model with weights."""
        return tokens_of(group)

    def parameter_groups(self) -> Mapping[str, list[nn.Parameter]]:
        """As the model with weights."""
        return self.hub.parameter_groups()

    def group_logps(self, groups: Sequence[Group]) -> list[list[Tensor]]:
        """Nothing: there are no weights."""
        raise ValueError("a model without weights scores nothing; open it by HubModel.load")

    def save_adapter(self, directory: Path) -> None:
        """Nothing: there are no weights."""
        self.save(directory)

    def save(self, directory: Path) -> None:
        """Nothing: there are no weights."""
        raise ValueError(f"{directory}: a model without weights cannot be saved")


def open_meta(name: str, prompt: PromptPlan = AS_IS) -> HubModel:
    """The model of a recipe on the meta device.

    Raises:
        ValueError: it cannot be opened; the message names the remedy.
    """
    place = weights_place(name)
    try:
        root = str(root_of(place))  # of an adapter's folder, which has no configuration of a net
        with reading(root):
            require_pictures(root)
            net = meta_net(root)
        processor, words = open_prompting(place, prompt)
    except (OSError, ValueError) as error:
        raise ValueError(unopened(name, error)) from error
    if not names_no_end(root):
        with reading(root):
            net.generation_config = GenerationConfig.from_pretrained(root)
    return HubModel(net, processor, name, instructions=words)


def names_no_end(place: str) -> bool:
    """Whether a folder has no file that names the model's end tokens; its configuration names them then."""
    return Path(place).is_dir() and not (Path(place) / "generation_config.json").is_file()


@contextmanager
def as_trained(model: HubModel, plan: FitPlan, adapter: AdapterPlan, compute: ComputePlan) -> Generator[None]:
    """The model as a training holds it, while the context lasts: its adapter, precisions, and who asks for a gradient.

    Weights under an adapter have the precision of the plan; those of a model that is trained itself are float32.
    """
    net = model.net
    for parameter in net.parameters():
        parameter.requires_grad_(True)
    model.adapt(adapter)
    moving = {id(parameter) for part in moved_parameters(MetaModel(hub=model), plan).values() for parameter in part}
    for parameter in net.parameters():
        parameter.requires_grad_(id(parameter) in moving)
        if adapter.rank and compute.precision == BF16 and id(parameter) not in moving:
            parameter.data = parameter.data.to(torch.bfloat16)
    try:
        yield
    finally:
        net.float()
        model.adapt(AdapterPlan())
