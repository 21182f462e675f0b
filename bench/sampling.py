"""Many chains a question beside Hugging Face's generate with num_return_sequences: same net, chains a second.

LLaVA-1.5's geometry, 576 picture tokens; float32. The end token's logit is raised so that chains end at any length up
to the limit, a third to a half of them at the limit. All questions go in one batch on both sides.
"""

import copy
import math

import torch
from tiny_llava import add_clock, in_turns, make_net, make_processor, parser, picture, prompt_text, set_up
from transformers import BatchFeature, LlavaForConditionalGeneration

from seewhy.model.api import GenerateRequest, SamplingParams
from seewhy.model.generation.decode import draw
from seewhy.model.packed.group import Prompt
from seewhy.records.types import Gold, MatchRule, Question, Split, Style

MOST = 90
END_CHANCE = 1 / 100
"""Of each token: chains are 60 tokens long in the mean."""


def raise_end(net: LlavaForConditionalGeneration, end: int) -> LlavaForConditionalGeneration:
    """The net with a bias on the end token, for which its logits are otherwise near those of all 8,000 words."""
    head = torch.nn.Linear(net.lm_head.in_features, net.lm_head.out_features)
    with torch.no_grad():
        head.weight.copy_(net.lm_head.weight)
        head.bias.zero_()[end] = math.log(END_CHANCE * head.out_features)
    net.lm_head = head
    return net


class Ours:
    """Chains by seewhy."""

    def __init__(self, net: LlavaForConditionalGeneration, encoded: list[BatchFeature], chains: int) -> None:
        self.net, self.chains, self.seed, self.tokens, self.drawn = net, chains, 0, 0, 0
        self.prompts = [
            Prompt(ids=tuple(each["input_ids"][0].tolist()), pictures={"pixel_values": each["pixel_values"]})
            for each in encoded
        ]

    def run(self) -> None:
        """Draw the chains of every question."""
        gold = Gold(answers=("",), rule=MatchRule.OPEN)
        asks = [
            GenerateRequest(
                question=Question(id=f"q{n}", benchmark="noise", split=Split.TEST, text="", gold=gold, facets={}),
                style=Style.REASON,
                count=self.chains,
            )
            for n in range(len(self.prompts))
        ]
        config = self.net.config
        decoding = SamplingParams(max_tokens=MOST, seed=self.seed)
        ends = frozenset({self.net.generation_config.eos_token_id})
        drawn = draw(self.net, self.prompts, asks, decoding, ends, [config.image_token_id])
        self.seed += 1
        self.tokens += sum(len(chain.ids) for chains in drawn for chain in chains)
        self.drawn += self.chains * len(asks)


class Theirs:
    """Chains by generate."""

    def __init__(self, net: LlavaForConditionalGeneration, encoded: list[BatchFeature], chains: int) -> None:
        self.net, self.chains, self.tokens, self.drawn = net, chains, 0, 0
        self.inputs = {name: torch.cat([each[name] for each in encoded]) for name in encoded[0]}

    @torch.no_grad()
    def run(self) -> None:
        """Draw the chains of every question."""
        net = self.net
        ids = net.generate(
            **self.inputs, do_sample=True, num_return_sequences=self.chains, max_new_tokens=MOST, temperature=1.0,
            top_k=0, top_p=1.0, suppress_tokens=[net.config.image_token_id],
        )[:, self.inputs["input_ids"].shape[1] :]  # fmt: skip
        ended = (ids == net.generation_config.eos_token_id).cumsum(1)
        self.tokens += int(((ended == 0) | ((ended == 1) & (ids == net.generation_config.eos_token_id))).sum())
        self.drawn += len(ids)


def main() -> None:
    made = parser(__doc__)
    made.add_argument("--chains", type=int, default=32, help="chains a question")
    made.add_argument("--questions", type=int, default=1, help="questions a batch")
    add_clock(made)
    asked = made.parse_args()
    set_up(asked.threads)
    processor = make_processor()
    net = raise_end(make_net(processor.tokenizer), processor.tokenizer.eos_token_id)
    encoded = [
        processor(text=prompt_text(n), images=[picture(n)], return_tensors="pt", add_special_tokens=False)
        for n in range(asked.questions)
    ]
    sides = {
        "Hugging Face generate": Theirs(copy.deepcopy(net), encoded, asked.chains),
        "seewhy": Ours(net, encoded, asked.chains),
    }
    chains = asked.chains * asked.questions
    rates = in_turns({name: side.run for name, side in sides.items()}, asked.runs, chains, asked.clock)
    length = encoded[0]["input_ids"].shape[1]
    print(
        f"\n{asked.chains} chains of each of {asked.questions} question(s), {length} prompt tokens, "
        f"at most {MOST} tokens a chain, medians of {asked.runs}"
    )
    for name, rate in rates.items():
        mean = sides[name].tokens / sides[name].drawn
        print(f"  {name:24} {rate:8.2f} chains/s {rate * mean:10.1f} tokens/s   mean length {mean:5.1f}   "
              f"{rate / rates['Hugging Face generate']:5.2f} x")  # fmt: skip
    print(f"ratio: {rates['seewhy'] / rates['Hugging Face generate']:.2f}")


if __name__ == "__main__":
    main()
