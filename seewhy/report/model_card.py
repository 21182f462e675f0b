"""The card of a trained model: metadata that the Hub reads, base, data, method, score card, limits, how to load it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from seewhy.records.measures import Scorecard
from seewhy.records.types import Style
from seewhy.report.compose import compose
from seewhy.report.doubts import tell_doubts
from seewhy.report.inputs import Evaluation, Header, Reproduction, TrainingRun
from seewhy.report.words import (
    say_marked,
    say_percent,
    say_percent_range,
    say_plural,
    say_points,
    say_seconds,
    say_style,
)

PIPELINE = "image-text-to-text"
TASK = "visual-question-answering"
WORDS = {"reason": "chain of thought", "direct": "direct answer"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedBy:
    """A training on the way from the base to the model."""

    step: str
    start: str
    objective: str
    settings: Mapping[str, object]
    """By dotted name: of the objective, of how the weights move, of the adapter."""
    steps: int
    seconds: float
    curves: TrainingRun | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeBy:
    """Rows that a training follows from, and what made them."""

    ref: str
    stage: str
    settings: Mapping[str, object]
    rows: int | None
    """None for a file from outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What is known of a trained model."""

    name: str
    """Its step, as the measurements call it."""
    place: str
    """What `from_pretrained` takes: a folder or a name on the Hub."""
    base: str
    """The model below all trainings: a name on the Hub, or a folder's own name."""
    base_on_hub: str
    """Its name on the Hub; empty where it is in a folder of some machine."""
    is_adapter: bool
    parameters: int
    recipe: str
    seed: int
    version: str
    trainings: tuple[TrainedBy, ...]
    data: tuple[MadeBy, ...]
    measured: tuple[Evaluation, ...]
    """Measurements in which the model takes part."""
    instructions: Mapping[str, str]
    """Words behind a question, by style and kind of question, such as `reason_letter`."""


def metadata_of(facts: ModelFacts) -> dict[str, object]:
    """The card's head, in the Hub's own keys; a licence is not known here."""
    objectives = dict.fromkeys(one.objective for one in facts.trainings)
    head: dict[str, object] = {
        "library_name": "peft" if facts.is_adapter else "transformers",
        "pipeline_tag": PIPELINE,
        "tags": ["seewhy", *objectives, *(["lora"] if facts.is_adapter else [])],
    }
    if facts.base_on_hub:
        head["base_model"] = facts.base_on_hub
        head["base_model_relation"] = "adapter" if facts.is_adapter else "finetune"
    results = [_result(card) for one in facts.measured for card in one.cards if card.model == facts.name]
    if results:
        head["model-index"] = [{"name": facts.name, "results": results}]
    return head


def _result(card: Scorecard) -> dict[str, object]:
    asked = WORDS.get(card.style.value, card.style.value) + (", pictures withheld" if card.blind else "")
    ends = f"95 % interval {card.accuracy.low:.3f} to {card.accuracy.high:.3f}, {card.n} questions"
    return {
        "task": {"type": TASK},
        "dataset": {"name": card.benchmark, "type": card.benchmark, "split": card.split.value},
        "metrics": [
            {"type": "accuracy", "value": round(card.accuracy.value, 4), "name": f"accuracy, {asked} ({ends})"}
        ],
    }


def body_of(facts: ModelFacts) -> str:
    """The card's text below its head, as Markdown."""
    parts = (
        ("", _opening(facts)), ("Base model", _base(facts)), ("Data", _data(facts)), ("Method", _method(facts)),
        ("Score card", _scores(facts)), ("Limits", _limits(facts)), ("Use", _use(facts)),
    )  # fmt: skip
    lines: list[str] = []
    for title, told in parts:
        lines += [*([f"## {title}", ""] if title else []), *told, ""]
    return "\n".join(lines).rstrip()


def _opening(facts: ModelFacts) -> Iterator[str]:
    what = "An adapter for" if facts.is_adapter else "A vision-language model trained from"
    how = " then ".join(one.objective.upper() for one in facts.trainings)
    yield f"# {say_marked(facts.name)}"
    yield ""
    yield (f"{what} {say_marked(facts.base)} by {how}, with seewhy {facts.version}, recipe {say_marked(facts.recipe)}, "
           f"seed {facts.seed}.")  # fmt: skip


def _base(facts: ModelFacts) -> Iterator[str]:
    if facts.base_on_hub:
        yield f"[{say_marked(facts.base_on_hub)}](https://huggingface.co/{facts.base_on_hub})"
    else:
        yield f"{say_marked(facts.base)}; it was in a folder, and its name on the Hub is not known here."
    what = "The adapter has" if facts.is_adapter else "The model has"
    yield f"{what} {facts.parameters:,} parameters. No licence is named: those of the base and of the data hold."


def _data(facts: ModelFacts) -> Iterator[str]:
    yield "Everything that the trainings follow from, the last first."
    yield from ("", "| rows of | stage | settings | rows |", "|---|---|---|--:|")
    for one in facts.data:
        rows = "" if one.rows is None else f"{one.rows:,}"
        yield f"| {say_marked(one.ref)} | {one.stage} | {_listed(one.settings)} | {rows} |"


def _listed(settings: Mapping[str, object]) -> str:
    return ", ".join(f"{say_marked(name)} {say_marked(_shown(value))}" for name, value in settings.items())


def _shown(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _method(facts: ModelFacts) -> Iterator[str]:
    for number, one in enumerate(facts.trainings):
        yield from [""] if number else []
        yield (f"`{one.step}`, from {say_marked(one.start)}, by the objective `{one.objective}`: "
               f"{say_plural(one.steps, 'step')}, {say_seconds(one.seconds)}.")  # fmt: skip
        yield from ("", "| setting | value |", "|---|---|")
        yield from (f"| {say_marked(name)} | {say_marked(_shown(value))} |" for name, value in one.settings.items())


def _scores(facts: ModelFacts) -> Iterator[str]:
    if not facts.measured:
        yield "The model was not measured in its run. `seewhy evaluate --model FOLDER --questions FILE` measures it."
    for one in facts.measured:
        yield (f"`{one.name}`: accuracy is the share right of the questions judged, with its 95 % interval; a reply "
               "without an answer counts as wrong, an unjudged one is left out.")  # fmt: skip
        yield from (
            "",
            "| model | asked for | questions | accuracy | no answer | unjudged |",
            "|---|---|--:|--:|--:|--:|",
        )
        for card in one.cards:
            asked = f"{say_style(card.style).lower()}{', pictures withheld' if card.blind else ''}"
            accuracy = f"{say_percent(card.accuracy.value)} ({say_percent_range(card.accuracy)})"
            yield (f"| {say_marked(card.model)} | {asked}, {card.benchmark} {card.split.value} | {card.n:,} | "
                   f"{accuracy} | {card.no_answer:,} | {card.unjudged:,} |")  # fmt: skip
        yield ""
        yield from _changes(facts.name, one)


def _changes(name: str, measured: Evaluation) -> Iterator[str]:
    """Paired differences to the models before it."""
    for before in measured.models:
        for style in Style:
            change = measured.changes.get((before, name, style))
            if change is not None:
                yield (f"- {say_style(style)}: {say_points(change.difference)} points over {say_marked(before)} on the "
                       f"same {change.n:,} questions (95 % interval {say_points(change.low)} to "
                       f"{say_points(change.high)}).")  # fmt: skip


def _limits(facts: ModelFacts) -> Iterator[str]:
    known = dict.fromkeys(f"{card.benchmark} ({card.split.value})" for one in facts.measured for card in one.cards)
    where = f"on nothing but {', '.join(known)}" if known else "on nothing"
    yield f"- It was measured {where}; what it does elsewhere is not known."
    curves = {one.step: one.curves for one in facts.trainings if one.curves is not None}
    header = Header(recipe=facts.recipe, model=facts.base, parameters=facts.parameters, seed=facts.seed, n=0,
                    machine="", versions={}, seconds=0.0, date="")  # fmt: skip
    nothing = Reproduction(commands=(), seeds={}, versions={}, fingerprints={})
    sections = {one.name: one for one in facts.measured}
    for doubt in tell_doubts(compose(header, {**sections, **curves}, (), nothing)):
        yield f"- {say_marked(doubt)}"
    for one in curves.values():
        yield from (f"- In training `{one.name}`: {say_marked(alarm)}" for alarm in one.alarms)
    yield "- A chain of thought may be wrong and its answer right: it is not evidence of how the answer was found."


def _use(facts: ModelFacts) -> Sequence[str]:
    asked = facts.instructions
    told = [f"- {name.replace('_', ', ')}: `{words}`" for name, words in asked.items()]
    return ["A prompt is the picture, the question, its options as lines `(A) text`, and one of these sentences:", "",
            *told, "", "```python", *snippet(facts).splitlines(), "```"]  # fmt: skip


def snippet(facts: ModelFacts) -> str:
    """Python that loads the model in plain transformers (and peft, for an adapter) and prints a reply."""
    opened = "\n".join([f"MODEL = {json.dumps(facts.place)}", "processor = AutoProcessor.from_pretrained(MODEL)",
                        "model = AutoModelForImageTextToText.from_pretrained(MODEL)"])  # fmt: skip
    first = "from PIL import Image\nfrom transformers import AutoModelForImageTextToText, AutoProcessor"
    if facts.is_adapter:
        first = f"from peft import PeftModel\n{first}"
        opened = "\n".join([f"BASE = {json.dumps(facts.base_on_hub or 'THE BASE MODEL')}",
                            f"ADAPTER = {json.dumps(facts.place)}",
                            "processor = AutoProcessor.from_pretrained(BASE)",
                            "model = AutoModelForImageTextToText.from_pretrained(BASE)",
                            "model = PeftModel.from_pretrained(model, ADAPTER)"])  # fmt: skip
    text = f"What is in the picture?\n{facts.instructions.get('reason_short', '')}"
    return f"{first}\n\n{opened}\n{CALL.format(text=json.dumps(text, ensure_ascii=False))}"


CALL = """\
text = {text}
turn = [{{"type": "image", "image": Image.open("picture.png")}}, {{"type": "text", "text": text}}]
inputs = processor.apply_chat_template([{{"role": "user", "content": turn}}], add_generation_prompt=True,
                                       tokenize=True, return_dict=True, return_tensors="pt")
reply = model.generate(**inputs, max_new_tokens=256)[0, inputs["input_ids"].shape[1]:]
print(processor.decode(reply, skip_special_tokens=True))"""
