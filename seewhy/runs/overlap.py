"""Which of the questions that a model is measured on its own training had in sight."""

from collections.abc import Iterator, Sequence

from seewhy.records.measured_doubts import Overlap
from seewhy.records.same_question import content_of
from seewhy.records.types import Question
from seewhy.runs.api import Need, TrainStage
from seewhy.runs.graph import Node, resolve, source
from seewhy.runs.run import OpenRun

HELD_OUT = "validation."
"""Begins the field of a training by which it reads rows that it does not train on."""


def overlaps_of(run: OpenRun, models: Sequence[str], questions: Sequence[Question]) -> tuple[Overlap, ...]:
    """Of each model that the run trains and that saw pictures or words of these questions: how many."""
    found: list[Overlap] = []
    known: dict[str, tuple[set[object], set[object]]] = {}
    for model in models:
        node = run.nodes.get(resolve(run.recipe, model, run.nodes))
        refs = dict.fromkeys(_trained_on(run, node)) if node is not None else ()
        for ref in refs:
            if ref not in known:
                known[ref] = _sight_of(run.questions(ref))
        shown = [one for one in questions if any(not known[ref][0].isdisjoint(_signs(one)) for ref in refs)]
        if shown:
            same = sum(any(content_of(one) in known[ref][1] for ref in refs) for one in shown)
            found.append(Overlap(model=model, n=len(questions), seen=len(shown), same=same))
    return tuple(found)


def _sight_of(trained: Sequence[Question]) -> tuple[set[object], set[object]]:
    """What these questions show or say, and what they ask about it."""
    signs, contents = set[object](), set[object]()
    for one in trained:
        signs.update(_signs(one))
        contents.add(content_of(one))
    return signs, contents


def _signs(question: Question) -> Iterator[object]:
    """Its pictures; of a question without any its words."""
    if question.images:
        yield from (image.sha256 for image in question.images)
    else:
        yield content_of(question)


def _trained_on(run: OpenRun, node: Node) -> Iterator[str]:
    """Rows of questions that the trainings of a model follow from; those that they only look at are left out."""
    if not isinstance(node.unit, TrainStage):
        return
    waiting, known = [node], set[str]()
    while waiting:
        one = waiting.pop()
        for need in _needs(one):
            ref = source(run.recipe, run.nodes, need)
            if need.wants is Question:
                yield ref
            elif ref in run.nodes and ref not in known:
                known.add(ref)
                waiting.append(run.nodes[ref])


def _needs(node: Node) -> Iterator[Need]:
    needs = node.unit.needs()
    held = {need.ref for need in needs if need.field.startswith(HELD_OUT)}
    return (need for need in needs if need.ref not in held)
