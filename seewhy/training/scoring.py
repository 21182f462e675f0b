"""What one forward pass says about its rows: an objective's loss, and figures that guard against a bad run."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from seewhy.objectives.api import LessonObjective, Loss, PairObjective, PairView, State
from seewhy.records.types import Question
from seewhy.training.grouping import SharedGroup
from seewhy.training.monitor.lengths import length_figures
from seewhy.training.reference import ReferenceStore
from seewhy.training.views import Logps, lesson_view, pair_view


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Loss of the rows of one forward pass, with figures to average over rows and rewards for the running state."""

    loss: Loss
    figures: Mapping[str, Tensor]
    """[rows] each, without gradient."""
    at_reference: Tensor | None = None
    """[rows] what the losses would be if policy and reference were equal, before the first step; None where there is
    no reference."""


@runtime_checkable
class Scoring(Protocol):
    """How a run turns log-probabilities into a loss."""

    @property
    def objective(self) -> LessonObjective | PairObjective:
        """The loss that is trained."""
        ...

    def initial(self) -> State:
        """The objective's running state before the first step."""
        ...

    def score(self, shared: Sequence[SharedGroup], logps: Logps, state: State) -> Scored:
        """Loss and figures of the rows of one forward pass."""
        ...

    def advance(self, state: State, rewards: Tensor) -> State:
        """The running state after a step, from the rewards of all its responses."""
        ...


def _token_means(values: Tensor, mask: Tensor) -> Tensor:
    """[rows] mean over the tokens of each row."""
    return (values * mask).sum(dim=1) / mask.sum(dim=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonScoring:
    """Imitation: each row is one lesson."""

    objective: LessonObjective

    def initial(self) -> State:
        """Imitation keeps no running state."""
        return {}

    def score(self, shared: Sequence[SharedGroup], logps: Logps, state: State) -> Scored:
        """Loss of each lesson, its mean log-probability a token, and its tokens."""
        view = lesson_view(shared, logps)
        figures = {"logp": _token_means(view.policy.detach(), view.mask), "lesson_tokens": view.mask.sum(dim=1)}
        return Scored(loss=self.objective.loss(view), figures=figures)

    def advance(self, state: State, rewards: Tensor) -> State:
        """Imitation keeps no running state."""
        return state


def pair_figures(view: PairView, margin: Tensor | None) -> dict[str, Tensor]:
    """[pairs] share of pairs ordered rightly; and, in nats a token, the chosen log-probability and both sides' drift.

    Drift is the mean of log pi - log ref. A chosen side that drifts down while the margin grows is how pure DPO fails
    on long chains (MPO, arXiv 2411.10442). Without a reference only the chosen log-probability. Where pictures are
    compared, `picture_accuracy` is the share of pairs whose chosen response is likelier with its own pictures.
    """
    chosen, rejected = view.policy_chosen.detach(), view.policy_rejected.detach()
    figures = {} if margin is None else {"accuracy": (margin > 0).float()}
    figures["chosen_logp"] = _token_means(chosen, view.chosen_mask)
    if view.reference_chosen is not None:
        figures["chosen_drift"] = _token_means(chosen - view.reference_chosen, view.chosen_mask)
    if view.reference_rejected is not None:
        figures["rejected_drift"] = _token_means(rejected - view.reference_rejected, view.rejected_mask)
    if view.policy_varied is not None:
        figures["picture_accuracy"] = (chosen.sum(dim=1) > view.policy_varied.detach().sum(dim=1)).float()
    return figures


@dataclass(frozen=True, slots=True, kw_only=True)
class PairScoring:
    """Preference: each row is one pair, with its reference log-probabilities where the objective needs them."""

    objective: PairObjective
    reference: ReferenceStore | None
    """None where the objective has no view of a reference."""
    questions: Mapping[str, Question]

    def initial(self) -> State:
        """The objective's own."""
        return self.objective.initial()

    def score(self, shared: Sequence[SharedGroup], logps: Logps, state: State) -> Scored:
        """Loss of each pair, and its guard figures."""
        store = self.reference
        known = store and [store.of_pair(self.questions, e) for part in shared for e in part.examples]
        view = pair_view(shared, logps, known)
        loss = self.objective.loss(view, state)
        margin = loss.terms.get("margin")
        return Scored(
            loss=loss,
            figures=pair_figures(view, margin) | length_figures(view, margin),
            at_reference=self.objective.at_reference(view),
        )

    def advance(self, state: State, rewards: Tensor) -> State:
        """The objective's own."""
        return self.objective.advance(state, rewards)


def rewards_of(scored: Scored) -> Tensor:
    """[responses] implicit rewards of both sides, for the running state; lessons have none."""
    sides = [scored.loss.terms[name] for name in ("reward_chosen", "reward_rejected") if name in scored.loss.terms]
    return torch.cat(sides) if sides else torch.empty(0)
