"""The data card of a step of pairs: a Hub README whose metadata readers of the Hub understand."""

from collections.abc import Mapping, Sequence

from seewhy.report.inputs import Count, PairLook
from seewhy.report.words import say_percent

SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"),
         (10_000_000, "1M<n<10M"))  # fmt: skip
"""The Hub's own words for numbers of rows."""
MOST = "10M<n<100M"


def pair_card(
    rule: str, settings: Mapping[str, object], pairs: int, funnel: Sequence[Count], look: PairLook | None
) -> str:
    """YAML metadata, what made the rows, the funnel as a table, and what the pairs are like.

    It names no licence: that of the pictures and of the model that wrote the texts is not known here.
    """
    size = next((name for bound, name in SIZES if pairs < bound), MOST)
    head = ["---", f"pretty_name: Preference pairs {rule}", "task_categories: [image-text-to-text]",
            "tags: [preference, dpo, seewhy]", f"size_categories: [{size}]", "configs:", "- config_name: default",
            "  data_files: part-*.parquet", "---"]  # fmt: skip
    named = ", ".join(f"{name} {value}" for name, value in settings.items())
    rows = [f"| {_words(one.name)} | {one.count:,} |" for one in (*funnel, Count(name="pairs", count=pairs))]
    body = ["", f"# Preference pairs {rule}", "", f"Made by seewhy with the rule `{rule}` ({named}).", "",
            "| funnel | count |", "|---|---|", *rows, *_look(look)]  # fmt: skip
    return "\n".join([*head, *body, ""])


def _look(look: PairLook | None) -> list[str]:
    if look is None:
        return []
    shares = {
        "pairs with a longer chosen side": look.longer,
        f"pairs equal in their first {look.equal_words} words": look.equal,
        "chains of kept questions that repeat a text": look.repeated,
        "chains of kept questions with the usual answer": look.usual,
    }
    return ["", "| what the pairs are like | |", "|---|---|",
            f"| mean characters of the chosen side | {look.chosen_length:,.0f} |",
            f"| mean characters of the rejected side | {look.rejected_length:,.0f} |",
            *(f"| {name} | {say_percent(share)} |" for name, share in shares.items())]  # fmt: skip


def _words(name: str) -> str:
    return name.replace("_", " ").replace("|", " ")
