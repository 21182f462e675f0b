"""`seewhy report`: one HTML page and one summary for machines, from the rows of a run."""

from seewhy.cli.gather import gather
from seewhy.cli.workspace import Workspace
from seewhy.report.page import write_report
from seewhy.report.summary import write_summary


def run(space: Workspace) -> None:
    """`report/index.html` and `report/summary.json`."""
    report = gather(space)
    write_report(space.place("report", "index.html"), report)
    write_summary(space.place("report", "summary.json"), report)
    space.screen.say(f"report: {space.place('report', 'index.html')}")
