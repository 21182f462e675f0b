"""A report as files: figures that stand alone with their numbers beside them, Markdown without markup of rows, PDF."""

import csv
from pathlib import Path
from xml.etree import ElementTree

import pytest
from made_up_report import make_report
from matplotlib.figure import Figure

from seewhy.cli.main import main
from seewhy.report.chromium import REMEDY, find_chromium, write_pdf
from seewhy.report.page import fill, write_report
from seewhy.report.svg import draw_svg
from seewhy.report.words import say_marked
from seewhy.report.written import figures_of, markdown, write_figures

HARM = "<img src=x onerror=alert(1)> | [a](javascript:b) `c` \\ *d*"


@pytest.fixture(scope="module")
def figures(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    write_figures(folder, make_report())
    return folder


def test_every_figure_stands_alone_and_has_its_numbers_beside_it(figures):
    names = [name for name, _ in figures_of(fill(make_report()))]
    assert len(names) == len(set(names)) > 5
    assert {path.name for path in figures.iterdir()} == {f"{name}.{kind}" for name in names for kind in ("svg", "csv")}
    for name in names:
        root = ElementTree.parse(figures / f"{name}.svg").getroot()
        assert root.tag == "{http://www.w3.org/2000/svg}svg"
        assert "--ink" in (root[0].text or "")
        assert len((figures / f"{name}.csv").read_text().splitlines()) > 1


def test_the_numbers_are_those_of_the_rows(figures):
    run = make_report().training[0]
    with (figures / f"{run.name.lower()}-loss.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [(int(row["step"]), float(row["value"])) for row in rows] == [(one.step, one.loss) for one in run.steps]


def test_markdown_opens_with_the_gain_then_the_cost_then_what_to_distrust():
    text = markdown(make_report())
    places = [text.index(words) for words in ("raised accuracy", "The run took", "## What to distrust", "## Results")]
    assert places == sorted(places)


def test_words_of_rows_are_no_markup_in_markdown():
    assert say_marked(HARM) == r"\<img src=x onerror=alert(1)\> \| \[a\](javascript:b) \`c\` \\ \*d\*"


@pytest.mark.nightly
@pytest.mark.skipif(not find_chromium(), reason=f"no Chromium on this machine: {REMEDY}")
def test_the_page_is_printed_as_pdf(tmp_path):
    write_report(tmp_path / "page.html", make_report())
    write_pdf(tmp_path / "page.html", tmp_path / "page.pdf")
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF-")


def test_without_a_chromium_the_remedy_is_told(tmp_path, monkeypatch):
    monkeypatch.setenv("SEEWHY_CHROMIUM", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match="apt-get install chromium"):
        write_pdf(tmp_path / "page.html", tmp_path / "page.pdf")


@pytest.mark.parametrize(
    ("script", "fact"),
    [
        (
            "#!/bin/sh\necho a library is missing >&2; exit 3\n",
            r"ended with 3 and wrote no PDF \(a library is missing\)",
        ),
        ("#!/bin/sh\nexit 0\n", r"ended with 0 and wrote no PDF \(it said nothing\)"),
        ("#!/bin/sh\nexec sleep 60\n", r"printed nothing within 0\.5 s"),
        ("no program", r"cannot be started \(Exec format error\)"),
        ("", r"cannot be started \(No such file or directory\)"),
    ],
)
def test_a_chromium_that_prints_nothing_is_named_with_what_to_do(tmp_path, monkeypatch, script, fact):
    program = tmp_path / "chromium"
    if script:
        program.write_text(script)
        program.chmod(0o755)
    monkeypatch.setenv("SEEWHY_CHROMIUM", str(program))
    with pytest.raises(OSError, match=rf"page\.pdf: {program} {fact}: name another Chromium in SEEWHY_CHROMIUM"):
        write_pdf(tmp_path / "page.html", tmp_path / "page.pdf", timeout=0.5)
    assert not (tmp_path / "page.pdf").exists()


class Bare(Figure):
    """A figure of a matplotlib that writes no size."""

    def savefig(self, file, **_):
        file.write("<svg></svg>")


def test_a_figure_without_a_size_is_not_put_into_a_page():
    with pytest.raises(ValueError, match=r"figure 'loss': matplotlib .* wrote an SVG without a viewBox"):
        draw_svg(Bare(), "loss", "the loss")


def test_the_command_tells_what_is_missing(tmp_path, capsys):
    assert main(["report"]) == 2
    assert main(["report", "--help"]) == 0
    assert main(["report", str(tmp_path / "none")]) == 2
    assert str(tmp_path / "none") in capsys.readouterr().err
