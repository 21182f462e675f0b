"""Templates of the pages: filled with every value escaped, and with links that hold behind a prefix of a proxy."""

import textwrap
from collections.abc import Mapping
from typing import Any, cast
from urllib.parse import quote, urlencode

import jinja2
from markupsafe import Markup
from starlette.requests import Request

from seewhy.view.words import pieces_of

LINE, LINES = 44, 12
"""Characters and lines of the words in the place of a picture."""
PICTURE = Markup(
    '<svg xmlns="http://www.w3.org/2000/svg" width="360" height="{}" font-family="sans-serif" font-size="14">'
    '<rect width="100%" height="100%" fill="#fff"/><rect x="1" y="1" width="358" height="{}" fill="none" '
    'stroke="#777" stroke-dasharray="6 4"/>{}</svg>'
)


@jinja2.pass_context
def link(context: Mapping[str, Any], path: str, **values: object) -> str:
    """The address of a page from the page that is filled: relative, so that a proxy may put a prefix before both.

    What is empty is left out of the query.
    """
    given = {name: value for name, value in values.items() if value not in ("", None)}
    relative = f"{context['root']}{quote(path.removeprefix('/'))}"
    return f"{relative}?{urlencode(given)}" if given else relative


PAGES = jinja2.Environment(
    loader=jinja2.PackageLoader("seewhy.view", "pages"), autoescape=True, undefined=jinja2.StrictUndefined,
    trim_blocks=True, lstrip_blocks=True,
)  # fmt: skip
PAGES.globals["link"] = cast(Any, link)
PAGES.filters["shortened"] = cast(Any, pieces_of)


def root_of(request: Request) -> str:
    """The way from the address of a request up to `/`: `./` or `../`, as often as it has folders."""
    folders = request.scope["raw_path"].count(b"/") - 1
    return "../" * folders or "./"


def filled(name: str, context: Mapping[str, Any]) -> str:
    """A page of the package, filled; every value is escaped."""
    return PAGES.get_template(f"{name}.jinja").render(context)


def in_place_of(path: object, why: str) -> str:
    """What is shown where a picture cannot be: an SVG picture with its path and the reason.

    Example:
        >>> print(in_place_of("a&b.png", "no such file").partition("<text")[2].partition("</text>")[0])
         x="14" y="28">a&amp;b.png
    """
    words = [*textwrap.wrap(str(path), LINE), *textwrap.wrap(why, LINE)][:LINES]
    text = Markup().join(
        Markup('<text x="14" y="{}">{}</text>').format(28 + 20 * number, line) for number, line in enumerate(words)
    )
    height = 28 + 20 * len(words)
    return str(PICTURE.format(height, height - 2, text))
