"""Models without weights: they encode prompts and know their parts, and training is traced on them."""

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import GenerationConfig, PreTrainedModel

from seewhy.model.families.hub import HubModel
from seewhy.model.loading.opening import put_adapters
from seewhy.model.loading.prompting import open_prompting
from seewhy.model.loading.reading import reading, require_pictures
from seewhy.model.packed.group import Group, Prompt, tokens_of
from seewhy.model.packed.scores import separate_logps
from seewhy.model.packed.trials import MISFITS, misfit
from seewhy.model.plan import BF16, AdapterPlan, ComputePlan
from seewhy.model.prompt_plan import AS_IS, PromptPlan
from seewhy.model.weights import root_of, unopened, weights_place
from seewhy.records.types import Question, Response, Style
from seewhy.training.memory.meta_mode import without_weights
from seewhy.training.memory.trace import meta_net
from seewhy.training.optimizers import require_library
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
        put_adapters(net, place)
        processor, words = open_prompting(place, prompt)
    except (OSError, ValueError) as error:
        raise ValueError(unopened(name, error)) from error
    if not names_no_end(root):
        with reading(root):
            net.generation_config = GenerationConfig.from_pretrained(root)
    return HubModel(net, processor, name, instructions=words)


def require_running(model: HubModel, prompt: Prompt) -> None:
    """Try the net on a prompt that its processor has made, without weights.

    Raises:
        ValueError: it does not run, or the prompt holds what is not of this net; the message names the remedy.
    """
    known = int(model.net.get_input_embeddings().weight.shape[0])  # pyright: ignore[reportArgumentType, reportIndexIssue]
    if max(prompt.ids) >= known:
        why = f"its tokenizer makes token {max(prompt.ids)}, and the net knows {known} tokens"
        raise ValueError(misfit(model.net, why))
    for name, held in prompt.pictures.items():
        if held.is_floating_point() and not bool(held.isfinite().all()):
            raise ValueError(
                f"{type(model.processor).__name__} makes {name} that are no numbers (NaN or infinity) of a picture; "
                "correct image_mean and image_std in the processor_config.json or preprocessor_config.json of the model"
            )
    try:
        with torch.no_grad(), without_weights():
            separate_logps(model.net, [Group(prompt=prompt, responses=(prompt.ids[-1:],))])
    except MISFITS as error:
        raise ValueError(misfit(model.net, repr(error))) from error


def require_fitting(model: HubModel, prompt: Prompt, compute: ComputePlan) -> None:
    """As `require_running`; what does not run without weights is tried with them before it is refused."""
    try:
        require_running(model, prompt)
    except ValueError as error:
        try:
            HubModel.load(weights_place(model.name), label=model.name, compute=compute).path_of([prompt])
        except ValueError:
            raise error from None


def names_no_end(place: str) -> bool:
    """Whether a folder has no file that names the model's end tokens; its configuration names them then."""
    return Path(place).is_dir() and not (Path(place) / "generation_config.json").is_file()


@contextmanager
def as_trained(model: HubModel, plan: FitPlan, adapter: AdapterPlan, compute: ComputePlan) -> Generator[None]:
    """The model as a training holds it, while the context lasts: its adapter, precisions, and who asks for a gradient.

    Weights under an adapter have the precision of the plan; those of a model that is trained itself are float32.
    """
    net, had_adapter = model.net, model.has_adapter
    for parameter in net.parameters():
        parameter.requires_grad_(True)
    try:
        model.adapt(adapter)
        trained = moved_parameters(MetaModel(hub=model), plan)
        moving = {id(parameter) for part in trained.values() for parameter in part}
        for parameter in net.parameters():
            parameter.requires_grad_(id(parameter) in moving)
            if adapter.rank and compute.precision == BF16 and id(parameter) not in moving:
                parameter.data = parameter.data.to(torch.bfloat16)
        yield
    finally:
        net.float()
        if not adapter.go_on:
            model.adapt(AdapterPlan())
            if had_adapter:
                put_adapters(net, weights_place(model.name))


def require_trained(model: HubModel, plan: FitPlan, adapter: AdapterPlan, compute: ComputePlan) -> None:
    """ValueError where a training cannot begin so: an adapter that does not fit, no weight that moves, no optimiser."""
    require_library(plan.optimizer)
    with as_trained(model, plan, adapter, compute):
        pass
