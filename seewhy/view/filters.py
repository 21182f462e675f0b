"""The filter of a page of questions, read from its link."""

from starlette.datastructures import QueryParams

from seewhy.view.tables import ORDERS, PAGE, Filter

MOST_PAGES = 10**9
"""Number of the last page of anything."""


def filter_of(query: QueryParams) -> Filter:
    """The filter that a link names.

    Raises:
        ValueError: a number is none, or outside its range.
    """
    lowest, highest = (query.get(name) or default for name, default in (("low", "0"), ("high", "1")))
    if query.get("order", "") not in {"", *ORDERS}:
        raise ValueError(f"order {query['order']!r}: there are {', '.join(ORDERS)}")
    wanted = Filter(
        search=query.get("search", ""), facet=query.get("facet", ""), lowest=float(lowest), highest=float(highest),
        outcome=query.get("outcome", ""), order=query.get("order") or "file", page=page_of(query),
        apart=query.get("apart", ""),
    )  # fmt: skip
    if not 0 <= wanted.lowest <= wanted.highest <= 1:
        raise ValueError("low and high are shares of right chains, 0 to 1, low first")
    return wanted


def page_of(query: QueryParams) -> int:
    """The number of the page that a link names; ValueError where it is none."""
    return whole(query, "page", 0, most=MOST_PAGES)


def whole(query: QueryParams, name: str, usual: int, *, least: int = 0, most: int) -> int:
    """A whole number that a link names, `usual` where it names none.

    Raises:
        ValueError: it is no number from `least` to `most`.

    Example:
        >>> whole(QueryParams("n=7"), "n", 1, most=9), whole(QueryParams(), "n", 1, most=9)
        (7, 1)
    """
    given = query.get(name) or str(usual)
    if not given.isdecimal() or not least <= int(given) <= most:
        raise ValueError(f"{name} {given[:40]!r}: a number from {least} to {most}")
    return int(given)


def last_page(rows: int, size: int = PAGE) -> int:
    """The number of the last page of so many rows; 0 as well where there are none.

    Example:
        >>> last_page(0), last_page(50), last_page(51), last_page(51, size=10)
        (0, 0, 1, 5)
    """
    return max(rows - 1, 0) // size
