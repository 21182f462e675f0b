"""What a recipe needs of this machine: its settings, files, device, weights, keys and servers."""

from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from PIL import Image

from seewhy.endpoints.chat import Message, Request
from seewhy.endpoints.plan import PacePlan, SpendPlan
from seewhy.model.weights import weights_place
from seewhy.runs.discovery import call_part, load_part, nearest
from seewhy.runs.graph import check
from seewhy.runs.machine import ModelSpec
from seewhy.runs.open import require_steps
from seewhy.runs.outside import hash_input
from seewhy.runs.recipe import Recipe
from seewhy.workbench.checks import Check, failed, passed, split_remedy, warned
from seewhy.workbench.libraries import version_of
from seewhy.workbench.questions import picture_of

TOKENS = 16
"""Of the one reply that a server is asked for; some servers refuse fewer."""
WITHIN_S = 60.0
"""Seconds in which it must come: a server may load its model at the first request."""


def recipe_checks(recipe: Recipe, environment: Mapping[str, str]) -> Iterator[Check]:
    """A line for the recipe, and one for each device, input, model and key that it names."""
    try:
        check(recipe)
        require_steps(recipe)
        yield passed("recipe", f"{recipe.name}: {len(recipe.steps)} steps fit each other")
    except ValueError as error:
        yield failed("recipe", str(error), "correct it; `seewhy recipe check` says what fits")
    for name, place in recipe.inputs.items():
        yield _input(name, Path(place))
    if recipe.compute.is_demanding and version_of("torch"):
        try:
            call_part("model.loading", "opening", "require_machine", recipe.compute)
            yield passed("device", f"{recipe.compute.device} in {recipe.compute.precision}")
        except ValueError as error:
            yield split_remedy("device", str(error), "")
    for name, spec in recipe.models.items():
        if spec.is_server:
            yield from _server(name, spec, environment)
        else:
            yield _weights(name, spec)


def _input(name: str, place: Path) -> Check:
    try:
        hash_input(place)
    except (OSError, ValueError) as error:
        return failed(f"input {name}", str(error), f"write the right place under inputs.{name}")
    return passed(f"input {name}", str(place))


def _weights(name: str, spec: ModelSpec) -> Check:
    """Whether a model's files are whole, and whether it would open: only their heads are read."""
    label = f"model {name}"
    if not version_of("torch"):
        return failed(label, f"{spec.path} is a model with weights, and torch is missing", "install the extra train")
    try:
        call_part("model", "loading.whole_weights", "require_whole", weights_place(spec.path))
        call_part("runs", "forecast.meta", "open_meta", spec.path, spec.prompt)
        call_part("model", "loading.reading", "require_tensors", weights_place(spec.path))
        call_part("model", "loading.sound_weights", "require_sound", weights_place(spec.path))
    except (OSError, ValueError) as error:
        why = str(error).strip().splitlines()[0]
        return failed(label, why, "give `tiny`, a folder in Hugging Face format, or the name of a model on the Hub")
    return passed(label, f"{spec.path}: it opens")


def _server(name: str, spec: ModelSpec, environment: Mapping[str, str]) -> Iterator[Check]:
    """The variables of its keys, by name; then a short reply about a picture."""
    label = f"server {name}"
    named = dict.fromkeys(filter(None, (spec.key_variable, *spec.headers.values())))
    empty = [variable for variable in named if not environment.get(variable, "").strip()]
    for variable in named:
        if variable in empty:
            yield failed(f"key {variable}", f"not set; model {name} needs it", f"export {variable}=...")
        else:
            yield passed(f"key {variable}", f"set, for model {name}")
    if empty:
        return
    try:
        with closing(load_part("endpoints", "probe").Probe(spec.endpoint(""))) as probe:
            listed = probe.models().names
    except ValueError as error:
        yield failed(label, str(error), f"start the server, or correct models.{name}.base_url")
        return
    if listed and spec.model not in listed:
        hint = nearest(spec.model, sorted(listed)).lstrip("; ")
        yield warned(label, f"{spec.base_url} lists no model {spec.model!r}", f"correct models.{name}.model: {hint}")
        return
    yield _answer(label, name, spec)


def _answer(label: str, name: str, spec: ModelSpec) -> Check:
    pace = PacePlan(concurrency=1, tries=1, deadline_s=WITHIN_S)
    with TemporaryDirectory(prefix="seewhy-") as scratch:
        file = Path(scratch) / "red.png"
        Image.new("RGB", (64, 64), "red").save(file)
        message = Message(text="Which colour is this? Answer in one word.", images=(picture_of(file),))
        try:
            with load_part("endpoints", "client").Teacher(spec.endpoint(""), pace, SpendPlan(is_free=True)) as teacher:
                answered = teacher.chat([Request(messages=(message,), max_tokens=TOKENS)])[0]
        except (OSError, ValueError) as error:
            return failed(label, str(error), f"correct models.{name}")
    if answered.failure:
        return failed(label, f"{spec.model} at {spec.base_url} gives no reply about a picture: {answered.failure}",
                      "is it a vision-language model, and served as one?")  # fmt: skip
    text = " ".join(answered.replies[0].text.split())
    tokens = answered.usage.prompt_tokens + answered.usage.completion_tokens
    return passed(
        label, f"{answered.model} at {spec.base_url} replies {text[:24]!r} to a red picture ({tokens} tokens)"
    )
