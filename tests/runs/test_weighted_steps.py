"""A training over several steps' rows: each a stream with its weight, told apart in the log."""

from seewhy.cli.main import main
from seewhy.records.step_logs import read_steps

RECIPE = """
name: two
models: {base: {path: tiny}}
steps:
  questions: {stage: questions, train: 8, validation: 0, test: 0}
  rationales: {stage: distil, questions: questions.train, teacher: oracle}
  long: {stage: lessons, rationales: rationales, verdicts: rationales.verdicts, direct: questions.train,
         direct_share: 0.0, format_aligned: 0}
  short: {stage: lessons, rationales: rationales, verdicts: rationales.verdicts, direct: questions.train,
          direct_share: 1.0, format_aligned: 0}
  sft: {stage: train, start: base, data: {long: 1.0, short: WEIGHT}, objective: sft,
        fit: {learning_rate: 1e-4, batch_size: 16}}
"""


def loss_of(place, weight: str) -> tuple[float, dict[str, float]]:
    place.mkdir()
    (place / "recipe.yaml").write_text(RECIPE.replace("WEIGHT", weight))
    assert main(["run", str(place / "recipe.yaml"), "--run", str(place / "run"), "--workers", "1"]) == 0
    (log,) = read_steps(place / "run" / "sft" / "steps.jsonl")
    return log.loss, dict(log.terms)


def test_the_loss_of_a_step_is_the_mean_over_streams_by_their_weights(tmp_path):
    """Eight rows a stream: loss = (8 long + 8 w short) / (8 + 8 w)."""
    for number, weight in enumerate(("1.0", "0.25")):
        loss, terms = loss_of(tmp_path / str(number), weight)
        long, short, w = terms["loss/long"], terms["loss/short"], float(weight)
        assert abs(loss - (long + w * short) / (1 + w)) < 1e-5
        assert terms["rows/long"] == terms["rows/short"] == 8
