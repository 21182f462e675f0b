"""The filter of a page of questions, read from its link."""

from starlette.datastructures import QueryParams

from seewhy.view.tables import Filter


def filter_of(query: QueryParams) -> Filter:
    """The filter that a link names.

    Raises:
        ValueError: a number is none, or outside its range.
    """
    numbers = {"page": "0", "low": "0", "high": "1"}
    page_number, lowest, highest = (query.get(name) or default for name, default in numbers.items())
    wanted = Filter(
        search=query.get("search", ""), facet=query.get("facet", ""), lowest=float(lowest), highest=float(highest),
        outcome=query.get("outcome", ""), order=query.get("order") or "file", page=int(page_number),
    )  # fmt: skip
    if wanted.page < 0 or not 0 <= wanted.lowest <= wanted.highest <= 1:
        raise ValueError("page is a number from 0 on; low and high are shares of right chains, 0 to 1, low first")
    return wanted
