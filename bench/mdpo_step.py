"""An mDPO step beside a DPO step: tokens through the language model and time, packed and in separate rows.

Goal: an mDPO step takes at most 1.5 of a DPO step, as three rows of a pair to two. Reference rows are computed once
and looked up, as in training; features of pictures are kept. The last line counts the tokens where a crop is left small
(`cropped`, `resize: false`) and a model makes tokens of a picture by its size.
"""

import copy
from collections.abc import Callable

import torch
from dpo_sides import freeze_tower
from tiny_llava import (
    LLAVA,
    add_clock,
    in_turns,
    letters,
    make_net,
    make_processor,
    parser,
    picture,
    prompt_text,
    set_up,
)
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from transformers import LlavaForConditionalGeneration, LlavaProcessor

from seewhy.model.packed.group import Group, Prompt, separate_tokens_of, tokens_of
from seewhy.model.packed.scores import packed_logps, separate_logps
from seewhy.model.vision.precompute import precompute_image_features
from seewhy.objectives.api import PairView
from seewhy.objectives.dpo import DPO
from seewhy.objectives.mdpo import MDPO

RATE = 1e-4


def make_prompt(number: int, processor: LlavaProcessor) -> Prompt:
    """A question beside a picture."""
    encoded = processor(text=prompt_text(0, LLAVA), images=[picture(number, LLAVA)], return_tensors="pt",
                        add_special_tokens=False)  # fmt: skip
    return Prompt(ids=tuple(encoded["input_ids"][0].tolist()), pictures={"pixel_values": encoded["pixel_values"]})


def make_groups(pairs: int, tokens: int, processor: LlavaProcessor) -> list[Group]:
    """Of one question: its pairs under its own picture, and the chosen sides under another."""
    texts = [letters(tokens - 1, place) + "<end>" for place in range(2 * pairs)]
    ids = [tuple(row) for row in processor.tokenizer(texts, add_special_tokens=False)["input_ids"]]
    own, varied = (make_prompt(number, processor) for number in (0, 1))
    return [Group(prompt=own, responses=tuple(ids)), Group(prompt=varied, responses=tuple(ids[0::2]))]


class Side:
    """A step of one objective, packed or in separate rows."""

    def __init__(
        self, net: LlavaForConditionalGeneration, groups: list[Group], objective: DPO | MDPO,
        score: Callable[..., list[list[Tensor]]],
    ) -> None:  # fmt: skip
        self.net, self.objective, self.score = copy.deepcopy(net), objective, score
        self.optimizer = torch.optim.AdamW(freeze_tower(self.net), lr=RATE)
        self.groups = groups if isinstance(objective, MDPO) else groups[:1]
        with torch.no_grad():
            self.known = self.score(self.net, self.groups)

    def step(self) -> float:
        """The loss before the update."""
        self.optimizer.zero_grad(set_to_none=True)
        rows = self.score(self.net, self.groups)
        sides = {"chosen": (0, 0, 2), "rejected": (0, 1, 2), "varied": (1, 0, 1)}
        view = {}
        for name, (group, first, every) in list(sides.items())[: 1 + len(self.groups)]:
            for who, values in (("policy", rows), ("reference", self.known)):
                view[f"{who}_{name}"] = pad_sequence(values[group][first::every], batch_first=True)
        for name in ("chosen", "rejected"):
            view[f"{name}_mask"] = torch.ones_like(view[f"policy_{name}"], dtype=torch.bool)
        loss = self.objective.loss(PairView(**view), {}).each.mean()
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())


def main() -> None:
    made = parser(__doc__, runs=7)
    made.add_argument("--pairs", type=int, default=1, help="pairs a question")
    made.add_argument("--tokens", type=int, default=90, help="of a response")
    add_clock(made)
    asked = made.parse_args()
    set_up(asked.threads)
    processor = make_processor()
    net = make_net(processor.tokenizer)
    groups = precompute_image_features(net, make_groups(asked.pairs, asked.tokens, processor))
    sides = {
        "DPO, separate rows": (Side(net, groups, DPO(), separate_logps), separate_tokens_of),
        "mDPO, separate rows": (Side(net, groups, MDPO(), separate_logps), separate_tokens_of),
        "DPO, packed": (Side(net, groups, DPO(), packed_logps), tokens_of),
        "mDPO, packed": (Side(net, groups, MDPO(), packed_logps), tokens_of),
    }
    rates = in_turns({name: side.step for name, (side, _) in sides.items()}, asked.runs, 1, asked.clock)
    print(f"\n{asked.pairs} pair(s) of {asked.tokens} tokens, {LLAVA.prompt_tokens} of the prompt, {asked.runs} runs")
    tokens = {name: sum(map(count, side.groups)) for name, (side, count) in sides.items()}
    for name, rate in rates.items():
        print(f"  {name:20} {tokens[name]:6} tokens {1000 / rate:9.1f} ms a step")
    for base in ("DPO, separate rows", "DPO, packed"):
        print(f"mDPO, packed, to {base}: {tokens['mDPO, packed'] / tokens[base]:.3f} of the tokens, "
              f"{rates[base] / rates['mDPO, packed']:.3f} of the time")  # fmt: skip
    small = tokens_of(groups[0]) + (len(groups[1].prompt.ids) - 1) * 0.1 + sum(map(len, groups[1].responses))
    print(f"crops left small, a tenth of the picture on average: {small / tokens['DPO, packed']:.3f} of the tokens")


if __name__ == "__main__":
    main()
