"""The filter of a page of questions, read from its link."""

from starlette.datastructures import QueryParams

from seewhy.view.tables import PAGE, Filter


def filter_of(query: QueryParams) -> Filter:
    """The filter that a link names.

    Raises:
        ValueError: a number is none, or outside its range.
    """
    lowest, highest = (query.get(name) or default for name, default in (("low", "0"), ("high", "1")))
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
    number = int(query.get("page") or 0)
    if number < 0:
        raise ValueError("page is a number from 0 on")
    return number


def last_page(rows: int, size: int = PAGE) -> int:
    """The number of the last page of so many rows; 0 as well where there are none.

    Example:
        >>> last_page(0), last_page(50), last_page(51), last_page(51, size=10)
        (0, 0, 1, 5)
    """
    return max(rows - 1, 0) // size
