"""What is said at the end of a run: the results with their intervals, then where report and models are."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from seewhy.runs.api import PageStage, TrainStage
from seewhy.runs.events import Concluded
from seewhy.runs.hooks import Concludes
from seewhy.runs.model_cards import write_model_cards
from seewhy.runs.run import MODEL, OpenRun

SNIPPET = """\
  from transformers import AutoModelForImageTextToText, AutoProcessor
  processor = AutoProcessor.from_pretrained({place!r})
  model = AutoModelForImageTextToText.from_pretrained({place!r})
  turn = [{{"type": "image", "url": "PICTURE"}}, {{"type": "text", "text": "QUESTION\\nANSWER STYLE"}}]
  inputs = processor.apply_chat_template([{{"role": "user", "content": turn}}], add_generation_prompt=True,
                                         tokenize=True, return_dict=True, return_tensors="pt")
  reply = model.generate(**inputs, max_new_tokens=256)[0, inputs["input_ids"].shape[1]:]
  print(processor.decode(reply, skip_special_tokens=True))"""


def conclusions(run: OpenRun, steps: Sequence[str], *, is_anew: bool) -> Iterator[Concluded]:
    """The lines of the finished ones of these steps; nothing where none has a result.

    `is_anew` says that a unit was made: cards of models are written anew then.
    """
    if is_anew:
        write_model_cards(run)
    lines = [line for step in steps for line in _results(run, step)]
    lines += [f"report: {path}" for step in steps for path in _pages(run, step)]
    models = [place for step in steps for place in _models(run, step)]
    if models:
        lines += [f"model: {models[-1]}", "use it in plain transformers:"]
        lines += SNIPPET.format(place=str(models[-1])).splitlines()
    if lines:
        yield Concluded(lines=tuple(lines))


def _results(run: OpenRun, step: str) -> Sequence[str]:
    stage = run.recipe.steps[step]
    if not isinstance(stage, Concludes) or not any(run.is_done(ref) for ref in run.units_of(step)):
        return ()
    return stage.conclusion(run, step)


def _pages(run: OpenRun, step: str) -> Iterator[Path]:
    for ref in run.units_of(step):
        if isinstance(run.nodes[ref].unit, PageStage) and run.is_done(ref):
            yield from (run.place(ref) / name for name in run.manifest(ref).files if name.endswith(".html"))


def _models(run: OpenRun, step: str) -> Iterator[Path]:
    for ref in run.units_of(step):
        if isinstance(run.nodes[ref].unit, TrainStage) and run.is_done(ref):
            yield run.place(ref) / MODEL
