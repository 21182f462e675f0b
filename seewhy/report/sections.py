"""The sections of a report, made ready for the page: every number is text and every figure is drawn."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from markupsafe import Markup

from seewhy.records.measures import Scorecard
from seewhy.records.types import Outcome, Split
from seewhy.report.bounds import encode_picture, with_most_asked
from seewhy.report.cards import blind_cards, find_styles, in_style, main_style, seen_cards
from seewhy.report.curves import plot_accuracies, plot_choices, plot_training
from seewhy.report.heat import colour_chain, find_scale
from seewhy.report.inputs import Credit, ModelName, PairLook, ReportInput, Sampling
from seewhy.report.plots import Dot, Panel, plot_dots
from seewhy.report.svg import assign_slots
from seewhy.report.tables import Table, tabulate_counts, tabulate_curves, tabulate_facet, tabulate_settings
from seewhy.report.words import (
    say_amount,
    say_count,
    say_outcome,
    say_percent,
    say_plain_range,
    say_plural,
    say_seconds,
    say_style,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Curves:
    """A training run: its panels, and its alarms in words."""

    name: str
    panels: tuple[Panel, ...]
    alarms: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ColouredChain:
    """A chain in colour next to its picture."""

    question: str
    gold: str
    picture: str
    """As a data URI; empty where it cannot be read."""
    is_seen: bool
    """Whether the question has a picture."""
    outcome: Outcome
    verdict: str
    chain: Markup


def plot_headline(report: ReportInput) -> list[Panel]:
    """A dot plot a prompt style, a row a model."""
    cards = seen_cards(report.cards, Split.TEST)
    return [
        _plot_cards(f"headline {style}", say_style(style), in_style(cards, style), report.models)
        for style in find_styles(cards)
    ]


def show_facets(report: ReportInput) -> list[tuple[Panel, Table]]:
    """A dot plot and a table for each facet of the test split, in the main style."""
    tested = seen_cards(report.cards, Split.TEST)
    cards = in_style(tested, main_style(tested))
    facets = dict.fromkeys(row.facet for card in cards for row in card.breakdown)
    slots = assign_slots(report.models)
    order = {model.key: i for i, model in enumerate(report.models)}
    shown: list[tuple[Panel, Table]] = []
    for facet in facets:
        asked, most = with_most_asked(cards, facet)
        dots = [
            Dot(row=row.value.replace("_", " "), slot=slots[card.model], share=row.accuracy)
            for card in sorted(asked, key=lambda card: order[card.model])
            for row in card.breakdown
            if row.facet == facet and row.accuracy is not None
        ]
        if dots:
            title = facet.replace("_", " ").capitalize()
            panel = replace(plot_dots(f"facet {facet}", title, dots), unit=most)
            shown.append((panel, tabulate_facet(asked, facet, report.models)))
    return shown


def show_settings(report: ReportInput) -> tuple[Panel, Table] | None:
    """Test, shifted and blind side by side, in the main style; None where there is only test."""
    named = (
        ("Test", seen_cards(report.cards, Split.TEST)),
        ("Shifted", seen_cards(report.cards, Split.SHIFTED)),
        ("Picture withheld", blind_cards(report.cards)),
    )
    style = main_style(report.cards)
    settings = [(name, in_style(cards, style)) for name, cards in named if in_style(cards, style)]
    if all(name == "Test" for name, _ in settings):
        return None
    slots = assign_slots(report.models)
    order = {model.key: i for i, model in enumerate(report.models)}
    dots = [
        Dot(row=name, slot=slots[card.model], share=card.accuracy)
        for name, cards in settings
        for card in sorted(cards, key=lambda card: order[card.model])
    ]
    return plot_dots("settings", say_style(style), dots), tabulate_settings(settings, report.models)


def show_distillation(report: ReportInput) -> list[Table]:
    """What was kept of the teacher's rationales and why the rest was dropped, and the mix of lessons."""
    tables: list[Table] = []
    for distillation in report.distillations:
        kept = (
            f"{say_count(distillation.kept)} of {say_plural(distillation.asked, 'rationale')} kept. Dropped, by reason:"
        )
        tables.append(tabulate_counts(kept, "Reason", distillation.dropped))
        if distillation.mix:
            tables.append(tabulate_counts("Lessons that SFT saw, by kind:", "Lesson", distillation.mix))
    return tables


def tell_sampling(sampling: Sampling) -> str:
    """How many chains were drawn, how fast, and what became of them, in a sentence or two."""
    rate = ""
    if sampling.seconds > 0:
        tokens = say_amount(sampling.tokens / sampling.seconds)
        rate = f", {say_amount(sampling.chains / sampling.seconds)} chains and {tokens} tokens a second"
    return (
        f"{say_plural(sampling.chains, 'chain')} of {say_count(sampling.tokens)} tokens were drawn in "
        f"{say_seconds(sampling.seconds)}{rate}: {sampling.per_question} for each of "
        f"{say_plural(sampling.questions, 'question')}. {_tell_votes(sampling)}{_tell_pairs(sampling)}"
        f"{tell_look(sampling.look)}{f' {sampling.balance}.' if sampling.balance else ''}"
    )


def tell_look(look: PairLook | None) -> str:
    """What pairs are like, in sentences that follow others."""
    if look is None:
        return ""
    return (
        f" The chosen side has {look.chosen_length:,.0f} characters on average, the rejected one "
        f"{look.rejected_length:,.0f}; in {say_percent(look.longer)} of the pairs the chosen side is longer, and "
        f"{say_percent(look.equal)} are equal in their first {look.equal_words} words. Of the chains of kept questions "
        f"{say_percent(look.repeated)} repeat a text and {say_percent(look.usual)} give the usual answer."
    )


def _tell_votes(sampling: Sampling) -> str:
    if sampling.agreement is None:
        return ""
    return f"Of the judge's votes on a chain {say_percent(sampling.agreement)} of the pairs agree. "


def _tell_pairs(sampling: Sampling) -> str:
    pairs = say_plural(sampling.pairs, "pair")
    if sampling.band is None:
        apart = "" if sampling.margin is None else f", at least {sampling.margin:g} apart"
        return f"{pairs} came of them: of each question the chain that was scored best with the worst{apart}."
    lowest, highest = sampling.band
    inside = sum(lowest <= share <= highest for share in sampling.accuracies)
    return (
        f"{say_count(inside)} questions are in the band from {say_percent(lowest)} to {say_percent(highest)} right "
        f"(shaded); {pairs} came of them."
    )


def show_sampling(sampling: Sampling) -> tuple[Panel, Table | None]:
    """The histogram of accuracies, and what each filter dropped."""
    dropped = tabulate_counts("Dropped, by filter:", "Filter", sampling.dropped) if sampling.dropped else None
    return plot_accuracies(sampling), dropped


def show_training(report: ReportInput) -> list[Curves]:
    """Curves and alarms of each training run that took a step."""
    return [
        Curves(name=run.name, panels=tuple(plot_training(run)), alarms=run.alarms)
        for run in report.training
        if run.steps
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownChoices:
    """The curves of choosing among N chains of a model, drawn and as a table."""

    drawn_by: str
    panel: Panel
    table: Table


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCredit:
    """How well credit finds wrong sentences, in words, and chains in colour."""

    auroc: str
    coloured: list[ColouredChain]
    words: str
    """What it is; empty where it is what training changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFacts:
    """Counts of a step as a table."""

    title: str
    text: str
    table: Table


def show_choices(report: ReportInput) -> list[ShownChoices]:
    """Each verifier's curves and table."""
    return [
        ShownChoices(drawn_by=one.drawn_by, panel=plot_choices(one.curves), table=tabulate_curves(one.curves))
        for one in report.choices if one.curves
    ]  # fmt: skip


def show_credits(report: ReportInput) -> list[ShownCredit]:
    """The AUROC and the coloured chains of each credit."""
    return [
        ShownCredit(auroc=f"{one.auroc.value:.2f}, 95 % interval {say_plain_range(one.auroc)}",
                    coloured=colour_chains(one), words=one.words)
        for one in report.credits
    ]  # fmt: skip


def show_facts(report: ReportInput) -> list[ShownFacts]:
    """Counts of steps whose stages have no figure of their own."""
    return [
        ShownFacts(title=one.title, text=one.text, table=tabulate_counts("", "What", one.counts))
        for one in report.facts
    ]  # fmt: skip


def colour_chains(credit: Credit) -> list[ColouredChain]:
    """The chains in colour, all on one scale."""
    scale = find_scale([token for chain in credit.chains for token in chain.tokens])
    return [
        ColouredChain(
            question=chain.question.text,
            gold=", ".join(chain.question.gold.answers),
            picture=encode_picture(chain.picture),
            is_seen=bool(chain.question.images),
            outcome=chain.outcome,
            verdict=say_outcome(chain.outcome),
            chain=colour_chain(chain.text, chain.tokens, scale),
        )
        for chain in credit.chains
    ]


def _plot_cards(name: str, title: str, cards: Sequence[Scorecard], models: Sequence[ModelName]) -> Panel:
    slots = assign_slots(models)
    found = {card.model: card for card in cards}
    dots = [
        Dot(row=model.label, slot=slots[model.key], share=found[model.key].accuracy)
        for model in models
        if model.key in found
    ]
    return plot_dots(name, title, dots, is_labelled=True)
