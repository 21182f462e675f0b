"""One HTML page and one JSON summary, from what the steps of a run say of themselves."""

import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from seewhy.model.weights import count_parameters
from seewhy.records.lineage import library_versions
from seewhy.report.compose import compose
from seewhy.report.inputs import Evaluation, Header, ReportInput, Reproduction, Section, Stage
from seewhy.runs.api import Need, PageStage, Run
from seewhy.runs.discovery import call_part

MAX_HASHES = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(PageStage):
    """Shows all finished steps before it."""

    def needs(self) -> Sequence[Need]:
        return ()

    def write(self, run: Run, place: Path, sections: Mapping[str, Section]) -> Sequence[Path]:
        page, summary = place / "index.html", place / "summary.json"
        report = report_of(run, sections)
        call_part("report", "page", "write_report", page, report)
        call_part("report", "summary", "write_summary", summary, report)
        return (page, summary)


def report_of(run: Run, sections: Mapping[str, Section]) -> ReportInput:
    """What a report of these sections shows."""
    return compose(_header(run, sections), sections, list(_stages(run)), _reproduction(run))


def write_beside(run: Run, place: Path, sections: Mapping[str, Section], *, md: bool, pdf: bool) -> list[Path]:
    """Write page, summary and figures of a run to any folder, as Markdown and PDF too where these are wanted.

    Raises:
        ValueError: a PDF is wanted, and there is no Chromium.
        OSError: Chromium has written none.
    """
    report = report_of(run, sections)
    place.mkdir(parents=True, exist_ok=True)
    page, text, printed = place / "index.html", place / "report.md", place / "report.pdf"
    call_part("report", "page", "write_report", page, report)
    call_part("report", "summary", "write_summary", place / "summary.json", report)
    call_part("report", "written", "write_figures", place / "figures", report)
    if md:
        call_part("report", "written", "write_markdown", text, report)
    if pdf:
        call_part("report", "chromium", "write_pdf", page, printed)
    return [page, *([text] if md else ()), *([printed] if pdf else ())]


def _header(run: Run, sections: Mapping[str, Section]) -> Header:
    cards = [card for one in sections.values() if isinstance(one, Evaluation) for card in one.cards]
    starts = [name for name in run.models if not run.models[name].is_server]
    return Header(
        recipe=run.name, model=run.models[starts[0]].path if starts else "",
        parameters=count_parameters(run.weights(starts[0])) if starts else 0, seed=run.seed,
        n=max((card.n for card in cards), default=0), machine=f"{platform.system()} {platform.machine()}",
        versions=library_versions(), seconds=sum(stage.seconds for stage in _stages(run)),
        date=datetime.now(UTC).date().isoformat(),
    )  # fmt: skip


def _stages(run: Run) -> Iterator[Stage]:
    """Time and rows of each finished step."""
    for step in run.steps():
        found = [run.manifest(ref) for ref in run.units_of(step) if run.is_done(ref)]
        if found:
            yield Stage(
                name=step, command=run.command(step), seconds=sum(one.seconds for one in found),
                rows=sum(one.counts["rows"] for one in found), dollars=sum(one.dollars for one in found),
            )  # fmt: skip


def _reproduction(run: Run) -> Reproduction:
    done = [ref for step in run.steps() for ref in run.units_of(step) if run.is_done(ref)]
    return Reproduction(
        commands=(run.command(""),), seeds={"recipe": run.seed}, versions=library_versions(),
        fingerprints={ref: run.manifest(ref).fingerprint for ref in done[:MAX_HASHES]},
    )  # fmt: skip
