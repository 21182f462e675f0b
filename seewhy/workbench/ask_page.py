"""Replies of models beside each other, and credit of tokens, as a terminal shows them."""

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from seewhy.records.token_credit import TokenCredit
from seewhy.workbench.asking import Replies

STRONG = 1.0
"""Credit, in nats, from which a token has its full colour."""
SHOWN = 5


def show_replies(console: Console, found: Sequence[Replies]) -> None:
    """A column a style, a row a model; one below the other where there is no terminal."""
    styles = list(dict.fromkeys(one.style for one in found))
    if not console.is_terminal:
        for one in found:
            console.print(_cell(one), soft_wrap=True)
        return
    table = Table("", *(style.value for style in styles), show_lines=True)
    for model in dict.fromkeys(one.model for one in found):
        cells = {one.style: _cell(one, headed=False) for one in found if one.model == model}
        table.add_row(Text(model, style="bold"), *(cells[style] for style in styles))
    console.print(table)


def _cell(one: Replies, *, headed: bool = True) -> Text:
    lines = [Text(f"{one.model}, {one.style.value}, {one.seconds:.1f} s", style="bold")] if headed else []
    if one.failure:
        lines.append(Text(f"no reply: {one.failure}", style="red"))
    for said in one.replies:
        lines.append(Text(said.text + (" [cut at the limit of tokens]" if said.is_cut else "")))
        answer = said.answer if said.answer is not None else f"none ({said.why})"
        lines.append(Text(f"answer: {answer}", style="bold green" if said.answer is not None else "yellow"))
    if len(one.replies) > 1:
        votes = ", ".join(f"{answer} x {count}" for answer, count in one.votes) or "none"
        lines.append(Text(f"votes of {len(one.replies)}: {votes}", style="bold"))
    return Text("\n").join(lines)


def show_credit(console: Console, names: Sequence[str], credit: Sequence[TokenCredit], why: str = "") -> None:
    """The reply with its tokens coloured; without colours the tokens of most and least credit; or why there is none."""
    if why:
        console.print(Text(f"no credit: {why}", style="red"), soft_wrap=True)
        return
    console.print(Text(f"credit of {names[0]} over {names[1]}, nats (blue gained, orange lost)", style="bold"))
    if console.is_terminal:
        console.print(Text.assemble(*((one.token, _colour(one.credit)) for one in credit)), soft_wrap=True)
    ranked = sorted(credit, key=lambda one: one.credit)
    for name, some in (("most", ranked[::-1][:SHOWN]), ("least", ranked[:SHOWN])):
        console.print(Text(f"{name}: " + ", ".join(f"{one.token!r} {one.credit:+.2f}" for one in some)), soft_wrap=True)


def _colour(credit: float) -> str:
    share = min(1.0, abs(credit) / STRONG)
    ends = (70, 130, 230) if credit > 0 else (235, 130, 30)
    return "on rgb({},{},{})".format(*(round(40 + share * (end - 40)) for end in ends)) + " white"
