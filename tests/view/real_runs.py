"""Two runs that seewhy makes for tests to look at: the default recipe, and an online training with a second judge."""

import shlex
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from browsing import Looker

from seewhy.cli.main import main

OPTIONS = shlex.split("""
--questions.train 36 --questions.validation 3 --questions.test 12 --questions.shifted 0 --rationales.ask 24
--lessons.ask 24 --sft.fit.batch-size 6 --sft.fit.learning-rate 1e-4 --chains.ask 12 --chains.after 24
--chains.per-question 6 --chains.max-tokens 48 --chains.temperature 1.4 --chains.multiple-choice-temperature 1.4
--pairs.rule.lowest 0.01 --pairs.rule.highest 0.99 --mpo.fit.batch-size 2 --test.max-tokens 32 --verifier.ask 3
--verifier.per-question 4 --verifier.max-tokens 32 --credit.resamples 20 --workers 1
""")
ONLINE = """
base: grpo
size: toy
steps:
  chains: {stage: sample, questions: questions.train, model: base, ask: 12, per_question: 4, max_tokens: 24,
    temperature: 1.4, multiple_choice_temperature: 1.4}
  verdicts: {stage: judge, chains: chains, questions: questions.train}
  second: {stage: judge, chains: chains, questions: questions.train, judge: {kind: agreement}}
  ranked: {stage: rank, chains: chains, verdicts: verdicts}
  pairs: {stage: pair, chains: chains, verdicts: verdicts, rule: {kind: by_outcome, lowest: 0.01, highest: 0.99}}
"""
KINDS = {
    "all", "run", "questions", "question", "pairs", "groups", "credit", "training", "rollouts", "scores", "curves",
    "transitions", "agreement", "rows", "sample", "ask",
}  # fmt: skip
"""Every kind of page that the viewer has, by the first word of its address below a run's."""


def make_runs(folder: Path) -> tuple[Path, Path]:
    """The runs, in some 20 seconds each."""
    (folder / "online.yaml").write_text(ONLINE)
    for words in (["inkgrid", *OPTIONS], [str(folder / "online.yaml"), "--workers", "1"]):
        assert main(["run", *words, "--run", str(folder / Path(words[0]).stem)]) == 0
    return folder / "inkgrid", folder / "online"


def kind_of(path: str) -> str:
    """The kind of page that an address leads to."""
    parts = path.partition("?")[0].strip("/").split("/")
    return parts[2] if len(parts) > 2 else {"": "all", "ask": "ask"}.get(parts[0], "run")


def pages_of(look: Looker, of_a_kind: int, seen: list[str]) -> Iterator[str]:
    """Open the first pages of each kind, as links lead to them; the kind of each, and its address in `seen`."""
    ahead, known, kinds = ["/"], {"/"}, Counter[str]()
    while ahead:
        path = ahead.pop(0)
        kind = kind_of(path)
        if kinds[kind] >= of_a_kind:
            continue
        kinds[kind] += 1
        look.open(path)
        seen.append(path)
        yield kind
        new = look.links() - known
        known |= new
        ahead += sorted(new)
