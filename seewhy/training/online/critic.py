"""The critic: a net with a head that reads what a state is worth from its last hidden state."""

import copy
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from seewhy.model.loading.opening import computing
from seewhy.model.loading.parts import part_of_parameters
from seewhy.model.packed.group import Group
from seewhy.model.packed.scores import Path
from seewhy.model.packed.states import branch_states
from seewhy.model.plan import ComputePlan
from seewhy.training.online.plan import SHARED, CriticPlan

HEAD = "critic head"


def value_head(width: int, seed: int) -> nn.Sequential:
    """D -> 2d -> ReLU -> 1, as ARES's; the last layer begins at 0, so that no state is worth anything yet."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        head = nn.Sequential(nn.Linear(width, 2 * width), nn.ReLU(), nn.Linear(2 * width, 1))
    last = head[2]
    nn.init.zeros_(last.weight)  # pyright: ignore[reportArgumentType]
    nn.init.zeros_(last.bias)  # pyright: ignore[reportArgumentType]
    return head


class Critic(nn.Module):
    """Values of states; `own` weights are its head's, and those of its copy of the net that are not frozen."""

    def __init__(self, policy: nn.Module, plan: CriticPlan, compute: ComputePlan, seed: int) -> None:
        super().__init__()
        assert isinstance(policy, PreTrainedModel)
        self.plan, self._compute = plan, compute
        self.is_shared = plan.net == SHARED
        self._policy = [policy]
        self.body = None if self.is_shared else copy.deepcopy(policy).eval()
        width = int(policy.get_input_embeddings().weight.shape[1])  # pyright: ignore[reportIndexIssue, reportArgumentType]
        self.head = value_head(width, seed).to(policy.device)
        if self.body is not None:
            parts = part_of_parameters(self.body)
            outputs = {id(p) for p in _own_output(self.body)}
            for name, parameter in self.body.named_parameters():
                moves = parameter.requires_grad and parts[name] not in plan.frozen and id(parameter) not in outputs
                parameter.requires_grad_(moves)

    @property
    def net(self) -> PreTrainedModel:
        """The net whose states are read."""
        return self.body if self.body is not None else self._policy[0]

    def moved(self) -> Mapping[str, list[nn.Parameter]]:
        """Weights that the critic's own rate moves."""
        body = [] if self.body is None else [p for p in self.body.parameters() if p.requires_grad]
        return {HEAD: list(self.head.parameters()), "critic": body}

    def values(self, groups: Sequence[Group], path: Path) -> list[list[Tensor]]:
        """For each group and response, [tokens] the value before each token; differentiable."""
        # A shared net's states carry the critic's gradient on into the policy's weights, but for what it freezes.
        frozen = self.is_shared and "language" in self.plan.frozen
        with computing(self.net, self._compute):
            states = branch_states(self.net, groups, path)
        return [[self._read(state.detach() if frozen else state) for state in rows] for rows in states]

    def _read(self, state: Tensor) -> Tensor:
        return self.head(state.float()).squeeze(-1)


def _own_output(net: PreTrainedModel) -> list[nn.Parameter]:
    """The output layer's weights where they are not the input's: no value depends on them."""
    outputs, inputs = net.get_output_embeddings(), net.get_input_embeddings()
    known = {id(p) for p in inputs.parameters()} if inputs is not None else set[int]()
    return [] if outputs is None else [p for p in outputs.parameters() if id(p) not in known]


def with_one_more(group: Group) -> Group:
    """Each response with a token behind it, whatever it is: the state before that one is the state after the last."""
    return Group(prompt=group.prompt, responses=tuple((*ids, ids[-1]) for ids in group.responses))
