"""How many tokens a language model takes, and with which its rotary frequencies stay the same."""

from transformers import PreTrainedModel

LENGTH_DEPENDENT = ("dynamic", "longrope")
"""Kinds of rotary positions whose frequencies change with the longest row of a call."""


def context_of(net: PreTrainedModel) -> tuple[int | None, str]:
    """Most tokens of a row, and why so few where that needs a reason; None where the net's settings do not say.

    Where frequencies depend on the row's length, a score would depend on the other rows beyond the length that the
    model was first trained at, and chains would be drawn by keys of other frequencies than they are scored by.
    """
    settings = net.config.get_text_config().to_dict()
    most = settings.get("max_position_embeddings")
    ropes = settings.get("rope_parameters") or {}
    kinds = [ropes, *(rope for rope in ropes.values() if isinstance(rope, dict))]
    for rope in kinds:
        if rope.get("rope_type") in LENGTH_DEPENDENT:
            first = rope.get("original_max_position_embeddings") or settings.get("original_max_position_embeddings")
            return first or most, f" ({rope['rope_type']} positions change with longer rows)"
    return most, ""


def check_rows(net: PreTrainedModel, longest: int) -> None:
    """ValueError where a row of so many tokens would change the positions of its neighbours."""
    most, why = context_of(net)
    if why and most is not None and longest > most:
        raise ValueError(f"{type(net).__name__} takes rows of {most} tokens here{why}, and one has {longest}")
