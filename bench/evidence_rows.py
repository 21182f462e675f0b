"""The ten claims of the seed systems, and which measurements of the recipe `evidence` stand for each."""

from dataclasses import dataclass

from seewhy.evaluation.pooled import Claim

MORE, LESS, NOT_LESS, SAME = Claim.MORE, Claim.LESS, Claim.NOT_LESS, Claim.SAME


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Two measurements of a run, and what the claim says of the second less the first.

    A measurement is `STEP.MODEL/STYLE` of an evaluation, or `verifier:WAY` of the verifier's candidates.
    """

    label: str
    before: str
    after: str
    claim: Claim
    theirs: str
    """The seed's figures, before and after; a dash where it gives none."""
    decides: bool = True
    """Whether the verdict depends on it; else it stands beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A claim with its measurements."""

    number: int
    claim: str
    source: str
    contrasts: tuple[Contrast, ...] = ()
    """None: the row is of `evidence_credit`."""
    theirs: str = "–"


def contrast(label: str, before: str, after: str, claim: Claim, theirs: str = "–", *, decides: bool = True) -> Contrast:
    """A contrast in one line."""
    return Contrast(label=label, before=before, after=after, claim=claim, theirs=theirs, decides=decides)


BOTH, BOTH_DIRECT = "test.sft/reason", "test.sft/direct"
FORMAT, DIRECT, REASON = (f"test-compositions.sft-{name}" for name in ("format", "direct", "reason"))
HARD, LONG = "test-losses.hard-", "test-long."

ROWS = (
    Row(number=1, claim="Direct-only SFT does not teach CoT, CoT-only helps both, both together is best",
        source="LLaVA-Reasoner, table 2", contrasts=(
            contrast("CoT prompt, CoT-only over direct-only", f"{DIRECT}/reason", f"{REASON}/reason", MORE,
                     "65.6 → 73.2"),
            contrast("CoT prompt, CoT-only over format-only", f"{FORMAT}/reason", f"{REASON}/reason", MORE,
                     "62.7 → 73.2"),
            contrast("direct prompt, CoT-only over format-only", f"{FORMAT}/direct", f"{REASON}/direct", MORE,
                     "65.5 → 69.7"),
            contrast("CoT prompt, both over CoT-only", f"{REASON}/reason", BOTH, MORE, "73.2 → 74.4"),
            contrast("direct prompt, both over direct-only", f"{DIRECT}/direct", BOTH_DIRECT, MORE, "71.1 → 72.8"),
            contrast("CoT prompt, direct-only over format-only", f"{FORMAT}/reason", f"{DIRECT}/reason", SAME,
                     "62.7 → 65.6", decides=False),
            contrast("CoT prompt, CoT-only over format-only at a tenth of the rate", "test-slow.sft-format-slow/reason",
                     f"{REASON}/reason", MORE, "62.7 → 73.2", decides=False),
            contrast("CoT prompt, both over the shipped model", "test.base/reason", BOTH, MORE, "48.7 → 74.4",
                     decides=False),
        )),
    Row(number=2, claim="DPO on own outcome pairs improves CoT, does not hurt direct answers, and beats RFT",
        source="LLaVA-Reasoner, table 6 and RFT ablation", contrasts=(
            contrast("CoT prompt, DPO over SFT", BOTH, "test.dpo/reason", MORE, "74.4 → 75.3"),
            contrast("direct prompt, DPO over SFT", BOTH_DIRECT, "test.dpo/direct", NOT_LESS, "72.8 → 73.0"),
            contrast("CoT prompt, DPO over RFT on the same chains", "test.rft/reason", "test.dpo/reason", MORE,
                     "49.0 → 52.1 (MathVista)"),
            contrast("CoT prompt, RFT over SFT", BOTH, "test.rft/reason", MORE, "50.6 → 49.0 (MathVista)",
                     decides=False),
            contrast("CoT prompt, DPO on pairs that part at an error over DPO on outcome pairs", "test.dpo/reason",
                     "test-step.dpo-step/reason", SAME, decides=False),
            contrast("picture withheld, DPO over SFT", "test.sft/reason-blind", "test.dpo/reason-blind", SAME,
                     decides=False),
        )),
    Row(number=3, claim="DPO on whole chains hurts; truncation, discount, BCO or the NLL term repairs it",
        source="LLaVA-Reasoner, truncation table (ChartQA); MPO, loss ablation (M3CoT)", contrasts=(
            contrast("ten times the rate: DPO over SFT", BOTH, f"{HARD}dpo/reason", LESS, "83.0 → 80.6"),
            contrast("ten times the rate: cut to 24 tokens over DPO", f"{HARD}dpo/reason", f"{HARD}cut/reason", MORE,
                     "80.6 → 84.2"),
            contrast("ten times the rate: cosine discount over DPO", f"{HARD}dpo/reason", f"{HARD}cosine/reason", MORE,
                     "about as truncation"),
            contrast("ten times the rate: BCO over DPO", f"{HARD}dpo/reason", f"{HARD}bco/reason", MORE,
                     "72.7 → 78.4"),
            contrast("ten times the rate: DPO + NLL over DPO", f"{HARD}dpo/reason", f"{HARD}nll/reason", MORE,
                     "72.7 → 78.9"),
            contrast("ten times the rate: MPO over DPO", f"{HARD}dpo/reason", f"{HARD}mpo/reason", MORE,
                     "72.7 → 79.1"),
            contrast("ten times the rate: MPO over SFT", BOTH, f"{HARD}mpo/reason", MORE, "68.5 → 79.1",
                     decides=False),
            contrast("usual rate: DPO over SFT", BOTH, "test.dpo/reason", LESS, "83.0 → 80.6", decides=False),
            contrast("usual rate: MPO over DPO", "test.dpo/reason", "test-mpo.mpo/reason", MORE, "72.7 → 79.1",
                     decides=False),
            contrast("long start, usual rate: DPO over SFT", f"{LONG}sft-long/reason", f"{LONG}long-dpo/reason", LESS,
                     "83.0 → 80.6", decides=False),
            contrast("long start, usual rate: cut to 60 tokens over DPO", f"{LONG}long-dpo/reason",
                     f"{LONG}long-cut/reason", MORE, "80.6 → 84.2", decides=False),
            contrast("long start, ten times the rate: DPO over SFT", f"{LONG}sft-long/reason",
                     f"{LONG}long-hard-dpo/reason", LESS, "83.0 → 80.6", decides=False),
            contrast("long start, ten times the rate: cut to 60 tokens over DPO", f"{LONG}long-hard-dpo/reason",
                     f"{LONG}long-hard-cut/reason", MORE, "80.6 → 84.2", decides=False),
            contrast("long start, ten times the rate: cosine discount over DPO", f"{LONG}long-hard-dpo/reason",
                     f"{LONG}long-hard-cosine/reason", MORE, "about as truncation", decides=False),
            contrast("long start, ten times the rate: DPO + NLL over DPO", f"{LONG}long-hard-dpo/reason",
                     f"{LONG}long-hard-nll/reason", MORE, "72.7 → 78.9", decides=False),
        )),
    Row(number=4, claim="The DPO model as verifier lifts best-of-N and the weighted vote above self-consistency",
        source="LLaVA-Reasoner, figure 6", contrasts=(
            contrast("best of 16 by reward over the majority", "verifier:majority", "verifier:best", MORE),
            contrast("weighted vote of 16 over the majority", "verifier:majority", "verifier:vote", MORE),
            contrast("best of 16 by reward over one chain", "verifier:one", "verifier:best", MORE, decides=False),
            contrast("majority of 16 over one chain", "verifier:one", "verifier:majority", MORE, decides=False),
            contrast("best of 16 by reward a token over the majority", "verifier:majority", "verifier:best-mean", MORE,
                     decides=False),
        )),
    Row(number=5, claim="Credit of the DPO model's tokens finds the wrong sentence", source="LLaVA-Reasoner, figure 8",
        theirs="no figure: examples"),
    Row(number=6, claim="A judge that does not see gives no gain, one that sees does, at both temperatures",
        source="mm-cot-rlaif, README table (CoT; its judge was blind)", contrasts=(
            contrast("0.4: sighted judge's pairs over SFT", "test-cool.sft/reason", "test-cool.sighted/reason", MORE),
            contrast("0.8: sighted judge's pairs over SFT", "test-warm.sft/reason", "test-warm.sighted/reason", MORE),
            contrast("0.4: blind judge's pairs over SFT", "test-cool.sft/reason", "test-cool.blind/reason", SAME,
                     "55.2 → 54.6"),
            contrast("0.8: blind judge's pairs over SFT", "test-warm.sft/reason", "test-warm.blind/reason", SAME,
                     "45.3 → 46.4"),
            contrast("0.4: sighted over blind", "test-cool.blind/reason", "test-cool.sighted/reason", MORE,
                     decides=False),
            contrast("0.8: sighted over blind", "test-warm.blind/reason", "test-warm.sighted/reason", MORE,
                     decides=False),
        )),
    Row(number=7, claim="DropoutNTP pairs, without ground truth, improve over SFT; half of the words is the best share",
        source="MPO, section 5.4 (Object-HalBench, share of replies that hallucinate)", contrasts=(
            contrast("half kept over SFT", BOTH, "test-dropout.dropout-50/reason", MORE, "18.4 → 7.6 (less is better)"),
            contrast("half over a quarter kept", "test-dropout.dropout-25/reason", "test-dropout.dropout-50/reason",
                     MORE, "9.3 → 7.6"),
            contrast("half over three quarters kept", "test-dropout.dropout-75/reason",
                     "test-dropout.dropout-50/reason", MORE, "11.6 → 7.6"),
            contrast("half kept, the same chains paired by ground truth, over SFT", BOTH,
                     "test-truth.dropout-truth/reason", MORE, decides=False),
            contrast("a quarter kept over SFT", BOTH, "test-dropout.dropout-25/reason", MORE, "18.4 → 9.3",
                     decides=False),
            contrast("three quarters kept over SFT", BOTH, "test-dropout.dropout-75/reason", MORE, "18.4 → 11.6",
                     decides=False),
        )),
    Row(number=8, claim="Sentence rewards beat outcome rewards in RL, and SFT on corrections repairs what RL spoils",
        source="ARES; 3,840 chains each", contrasts=(
            contrast("PPO by sentences over PPO by outcome", "test-ppo.ppo/reason",
                     "test-ppo-sentences.ppo-sentences/reason", MORE),
            contrast("PPO by sentences over SFT", BOTH, "test-ppo-sentences.ppo-sentences/reason", MORE,
                     "+2.5 answer accuracy, after correction"),
            contrast("SFT on corrections over PPO by sentences", "test-ppo-sentences.ppo-sentences/reason",
                     "test-corrected.corrected/reason", MORE),
            contrast("PPO by outcome over SFT", BOTH, "test-ppo.ppo/reason", MORE, decides=False),
            contrast("GRPO by outcome over SFT", BOTH, "test-grpo.grpo/reason", MORE, decides=False),
            contrast("GRPO by sentences over GRPO by outcome", "test-grpo.grpo/reason",
                     "test-grpo-sentences.grpo-sentences/reason", MORE, decides=False),
            contrast("MPO on 3,840 chains over SFT", BOTH, "test-few.mpo-few/reason", MORE, decides=False),
            contrast("GRPO by outcome over MPO on 3,840 chains", "test-few.mpo-few/reason", "test-grpo.grpo/reason",
                     MORE, decides=False),
        )),
    Row(number=9, claim="DPO without pictures is about as good as with; mDPO makes the picture count",
        source="mDPO, MMHal-Bench score of Bunny-3B", contrasts=(
            contrast("DPO on grey pictures against DPO", "test.dpo/reason", "test-pictures.dpo-grey/reason", SAME,
                     "about the same"),
            contrast("mDPO over DPO", "test.dpo/reason", "test-pictures.mdpo/reason", MORE, "2.28 → 2.96"),
            contrast("DPO on grey pictures over SFT", BOTH, "test-pictures.dpo-grey/reason", MORE, decides=False),
            contrast("picture withheld, mDPO against DPO", "test.dpo/reason-blind", "test-pictures.mdpo/reason-blind",
                     LESS, decides=False),
        )),
    Row(number=10, claim="What preferences teach carries over to other pages and to direct answers",
        source="LLaVA-Reasoner, tables 6 and 7", contrasts=(
            contrast("shifted split, CoT prompt, DPO over SFT", "shifted.sft/reason", "shifted.dpo/reason", MORE),
            contrast("direct prompt, DPO over SFT", BOTH_DIRECT, "test.dpo/direct", MORE, "72.8 → 73.0"),
            contrast("shifted split, CoT prompt, MPO over SFT", "shifted.sft/reason", "shifted.mpo/reason", MORE,
                     decides=False),
            contrast("shifted split, CoT prompt, RFT over SFT", "shifted.sft/reason", "shifted.rft/reason", MORE,
                     decides=False),
            contrast("shifted split, direct prompt, DPO over SFT", "shifted.sft/direct", "shifted.dpo/direct", MORE,
                     decides=False),
        )),
)  # fmt: skip
