"""Which scorecards a section shows: by split, by whether the picture was seen, by prompt style."""

from collections.abc import Sequence

from seewhy.records.measures import Scorecard
from seewhy.records.types import Split, Style
from seewhy.report.inputs import ModelName


def seen_cards(cards: Sequence[Scorecard], split: Split) -> list[Scorecard]:
    """The cards of one split whose questions were asked with their pictures."""
    return [card for card in cards if card.split is split and not card.blind]


def blind_cards(cards: Sequence[Scorecard]) -> list[Scorecard]:
    """The cards of the control: the test questions with their pictures withheld."""
    return [card for card in cards if card.blind and card.split is Split.TEST]


def find_card(cards: Sequence[Scorecard], model: str, style: Style) -> Scorecard | None:
    """The first card of a model under a style, or None where it was not measured."""
    return next((card for card in cards if card.model == model and card.style is style), None)


def find_styles(cards: Sequence[Scorecard]) -> list[Style]:
    """The styles that any card has: direct answers first."""
    return [style for style in Style if any(card.style is style for card in cards)]


def main_style(cards: Sequence[Scorecard]) -> Style:
    """The style that sections with room for one show: chains of thought where there are any."""
    return Style.REASON if Style.REASON in find_styles(cards) else Style.DIRECT


def in_style(cards: Sequence[Scorecard], style: Style) -> list[Scorecard]:
    """The cards of one style."""
    return [card for card in cards if card.style is style]


def measured_models(models: Sequence[ModelName], cards: Sequence[Scorecard]) -> list[ModelName]:
    """The models that any card is about, in the order of the run."""
    keys = {card.model for card in cards}
    return [model for model in models if model.key in keys]
