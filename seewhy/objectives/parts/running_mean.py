"""The running mean of all rewards: the shift, delta, that BCO measures rewards from."""

from jaxtyping import Float
from torch import Tensor

from seewhy.objectives.api import State


def start_mean() -> State:
    """No reward seen: delta is 0."""
    return {"delta_mean": 0.0, "delta_count": 0.0}


def advance_mean(state: State, rewards: Float[Tensor, "rewards"]) -> State:
    """The mean over all rewards seen so far, each weighing the same; one call a step, with both sides' rewards.

    Example:
        >>> import torch
        >>> advance_mean(start_mean(), torch.tensor([1.0, 2.0]))
        {'delta_mean': 1.5, 'delta_count': 2.0}
    """
    if len(rewards) == 0:
        return state
    count = state["delta_count"] + len(rewards)
    # float64: a float32 mean stops moving after some ten million rewards.
    shift = float((rewards.double() - state["delta_mean"]).sum()) / count
    return {"delta_mean": state["delta_mean"] + shift, "delta_count": count}
