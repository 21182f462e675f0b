"""What ends other viewers: huge questions, pictures that are not there, rows of single stages, lost marks."""

import re
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from urllib.parse import quote, urlencode, urljoin

import pytest
from looked_at import HARM, serving, write_run
from looked_at_more import put
from PIL import Image

from seewhy.records.shards import read_rows, write_shard
from seewhy.records.token_credit import TokenCredit
from seewhy.records.types import (
    Chain,
    FinishReason,
    Gold,
    ImageRef,
    MatchRule,
    Pair,
    Question,
    Response,
    Split,
    Style,
    Verdict,
)  # fmt: skip
from seewhy.runs.outside import hash_input
from seewhy.runs.plan_file import source_of, write_plan
from seewhy.view.words import differences, marked_chain

QUESTION = f"/run/0/question/questions?{urlencode({'id': 'q/1', 'chains': 'chains'})}"
LONG = ("so 3 and 4 are 7, " * 60_000)[:1_000_000]


@pytest.fixture(scope="module")
def huge(tmp_path_factory):
    """A question of 4,096 chains of two judges, its first chain of a million characters, and 50 long pairs."""
    root = write_run(tmp_path_factory.mktemp("huge") / "run")
    chain = next(row for row in read_rows(root / "chains", Chain) if row.question_id == "q/1")
    verdict = next(row for row in read_rows(root / "verdicts", Verdict) if row.question_id == "q/1")
    chains = [replace(chain, index=i, text=f"Step {i}. " * 400 + "The answer is A.") for i in range(4096)]
    chains[0] = replace(chain, text=f"{LONG} The answer is A.")
    write_shard(root / "chains", 0, chains, Chain)
    write_shard(root / "verdicts", 0, [replace(verdict, index=i, why="since " * 2_000) for i in range(4096)], Verdict)
    words = [f"{n % 97} plus {n % 89} is {n}. " for n in range(1_000)]
    pairs = [Pair(question_id="q/1", style=Style.REASON, source="s", margin=float(i),
                  chosen=Response(text="".join(words[i:])), rejected=Response(text="".join(words[::-1])))
             for i in range(50)]  # fmt: skip
    write_shard(root / "pairs", 0, pairs, Pair)
    tokens = [TokenCredit(question_id="q/1", index=i % 64, position=i // 64, token="a", start=i // 64, end=i // 64 + 1,
                          credit=0.5) for i in range(64 * 300)]  # fmt: skip
    write_shard(root / "credit", 0, tokens, TokenCredit)
    with serving(root) as found:
        yield found


@pytest.mark.nightly
@pytest.mark.parametrize(
    "path", [QUESTION, f"{QUESTION}&page=63", f"{QUESTION}&chain=0", "/run/0/pairs/pairs", "/run/0/credit/credit",
             "/run/0/questions/questions", "/run/0/rows/chains", "/run/0/sample/chains"],
)  # fmt: skip
def test_what_a_page_sends_does_not_grow_with_the_question(huge, path):
    """Under 2 MB, and 2 seconds of a processor, whatever else the machine does."""
    start = time.process_time()
    answer = huge.get(path)
    seconds = time.process_time() - start
    assert answer.status == 200
    assert len(answer.text.encode()) < 2_000_000
    assert seconds < 2


@pytest.mark.nightly
def test_a_chain_that_is_cut_is_shown_whole_on_its_own_and_its_answer_is_marked_behind_the_gap(huge):
    shown = huge.get(f"{QUESTION}&page=63").text
    assert shown.count("<mark>A.</mark>") == shown.count("<article") == 64
    (whole,) = set(re.findall(r'href="([^"]*chain=0)"', huge.get(QUESTION).text))
    alone = huge.get(urljoin(QUESTION, whole.replace("&amp;", "&"))).text
    assert alone.count("<article") == 1
    assert len(alone) > 390_000
    assert "characters are not shown" in alone


@pytest.mark.nightly
def test_credit_of_many_chains_has_pages_on_one_scale(huge):
    first = huge.get("/run/0/credit/credit?id=q/1").text
    assert "page 1 of 7" in first
    assert first.count("<h2>#") == 10, "10 chains of 300 tokens are 3,000"
    assert "<h2>#63</h2>" in huge.get("/run/0/credit/credit?id=q/1&page=6").text


def test_two_long_texts_are_compared_at_once_and_a_text_is_cut_around_its_answer():
    """SequenceMatcher of the standard library takes seconds for them, and a page holds 50."""
    one, other = (" ".join(str(n * step % 997) for n in range(4_000)) for step in (1, 7))
    start = time.process_time()
    chosen, rejected, _ = differences(one, other)
    assert time.process_time() - start < 1
    assert re.sub(r"</?ins>", "", chosen) == one
    assert re.sub(r"</?del>", "", rejected) == other
    text = f"{'a' * 50_000} The answer is B."
    asked = {"gold": {"rule": "letter"}, "options": ("x", "y")}
    shown = marked_chain({"text": text, "style": "reason"}, asked, [{"start": 0, "end": 3, "score": 0.1}], 10_000)
    assert shown.startswith('<u class="low" title="score 0.10">aaa</u>')
    assert "[40,017 characters are not shown]" in shown
    assert shown.endswith("The answer is <mark>B.</mark>")


NAMES = ("a#b.png", "50%.png", "what?.png", "a b.png", "äöü.png", "%2541.png", "no-ending")
FAULTS = ("missing", "empty", "cut", "text", "folder")


def write_picture(path, fault="", seed=0):
    """A picture of its own bytes, or what is no picture; and its hash."""
    Image.new("RGB", (64, 64), (seed, 0, 0)).save(path, format="PNG")
    whole = path.read_bytes()
    if fault:
        path.unlink()
        path.mkdir() if fault == "folder" else None
    if fault in {"empty", "cut", "text"}:
        path.write_bytes({"empty": b"", "cut": whole[:-30], "text": HARM.encode()}[fault])
    return sha256(whole).hexdigest()


@pytest.fixture(scope="module")
def pictured(tmp_path_factory):
    """A question with pictures of every name and every fault, and its page."""
    root = write_run(tmp_path_factory.mktemp("pictured") / "run")
    names = [*NAMES, *FAULTS]
    refs = [ImageRef(sha256=write_picture(root / "images" / name, name if name in FAULTS else "", i),
                     path=f"../images/{name}") for i, name in enumerate(names)]  # fmt: skip
    rows = [replace(row, images=tuple(refs)) for row in read_rows(root / "questions", Question)]
    write_shard(root / "questions", 0, rows, Question)
    with serving(root) as served:
        page = served.get(QUESTION)
        assert page.text.count("<article") == 2, "the rest of the page stands"
        sources = re.findall(r'<img src="([^"]*)"', page.text)
        yield {name: served.get(urljoin(QUESTION, source)) for name, source in zip(names, sources, strict=True)}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_picture_that_cannot_be_shown_gives_way_to_its_path_and_the_reason(pictured, fault):
    picture = pictured[fault]
    assert picture.headers["content-type"] == "image/svg+xml"
    told = "".join(re.findall(r"<text[^>]*>(.*?)</text>", picture.text))
    path, _, why = told.partition(f"images/{fault}")
    assert path
    assert len(why) > 10
    assert "<script" not in picture.text


@pytest.mark.parametrize("name", NAMES)
def test_pictures_are_shown_whatever_their_names(pictured, name):
    assert pictured[name].headers["content-type"] == "image/png"


def test_pairs_of_another_step_are_shown_below_those_of_the_same_question(tmp_path):
    root = write_run(tmp_path / "run")
    (own,) = read_rows(root / "pairs", Pair)
    others = [own, replace(own, rejected=Response(text=f"It is 14. {HARM}")), replace(own, question_id="q/2")]
    put(root / "mined", others, Pair)
    with serving(root) as served:
        assert "<option>0/mined</option>" in served.get("/run/0/pairs/pairs").text
        text = served.get("/run/0/pairs/pairs?beside=0%2Fmined").text
        turned = served.get("/run/0/pairs/mined?beside=0%2Fpairs").text
        assert served.get("/run/0/pairs/pairs?beside=0%2Fchains").status == 404
        assert served.get("/run/0/pairs/pairs?beside=7%2Fmined").status == 404
    assert re.findall(r"(questions in both|only here|only there|equal pairs) <b>(\d)</b>", text) == [
        ("questions in both", "1"), ("only here", "0"), ("only there", "1"), ("equal pairs", "1"),
    ]  # fmt: skip
    assert text.count("<b>there</b>") == 2
    assert text.count("the same pair") == 1
    assert "It is <del>14</del>." in text
    assert "there</b> no pair of this question" in turned
    assert "<script>alert" not in text


def test_a_mark_is_on_the_disk_before_the_next_page_is_shown_and_the_last_one_holds(tmp_path):
    """Two tabs that were opened before: what each says last of a chain is kept, and nothing of the other chains."""
    root = write_run(tmp_path / "run")
    said = [(0, "right"), (1, "wrong"), (0, "wrong"), (1, "unsure"), (0, "right")]
    with serving(root) as served:
        for number, (index, word) in enumerate(said):
            form = {"question": "q/1", "style": "reason", "questions": "questions", "index": index, "verdict": word}
            sent = served.post("/run/0/annotate/chains", urlencode(form), Origin=f"http://127.0.0.1:{served.port}")
            assert sent.status == 303
            kept = {row.index: row.outcome.value for row in read_rows(root / "annotations" / "chains", Verdict)}
            names = {"right": "correct", "wrong": "incorrect", "unsure": "unjudged"}
            assert kept == {i: names[one] for i, one in said[: number + 1]}


def test_a_mark_that_cannot_be_kept_is_told_and_rows_that_cannot_be_read_too(tmp_path):
    root = write_run(tmp_path / "run")
    (root / "annotations").write_text("a file where the folder would be")
    form = {"question": "q/1", "style": "reason", "questions": "questions", "index": 0, "verdict": "wrong"}
    with serving(root) as served:
        sent = served.post("/run/0/annotate/chains", urlencode(form), Origin=f"http://127.0.0.1:{served.port}")
        assert (sent.status, "could not be kept" in sent.text) == (507, True)
        (root / "pairs" / "part-00000.parquet").write_bytes(b"PAR1 torn")
        torn = served.get("/run/0/pairs/pairs")
        assert served.get(f"/run/0/question/questions?id={quote('q/1')}").status == 200
    assert torn.status == 503
    assert "Traceback" not in torn.text
    assert "part-00000.parquet" in torn.text


def test_rows_of_single_stages_lead_to_their_questions_those_of_an_own_file_too(tmp_path, monkeypatch):
    """The folder of the tutorial: several units of questions, and chains about a file that lies outside."""
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (8, 8), "red").save("a.png")
    Path("mine.csv").write_text(f"id,question,image,answer,split\nfirst,How many? {HARM},a.png,3,test\n")
    chain = Chain(question_id="first", index=0, style=Style.REASON, text="### Answer: 4", stop=FinishReason.END,
                  sampler="s", seed=0)  # fmt: skip
    other = Question(
        id="x",
        benchmark="b",
        split=Split.TEST,
        text="Other?",
        facets={},
        gold=Gold(answers=("1",), rule=MatchRule.EXACT),
    )
    for name in ("questions/train", "more/fit"):
        put(tmp_path / "try" / name, [other], Question)
    folders = {"try/own/chains": (Chain, [chain], Path("mine.csv")),
               "try/seen": (Chain, [replace(chain, question_id="x")], Path("try/more/fit"))}  # fmt: skip
    for name, (record, rows, source) in folders.items():
        put(tmp_path / name, rows, record)
        write_plan(Path(name), {}, [source_of("questions", "Question", source, Path(name), hash_input(source))])
    with serving(Path("try")) as served:
        page = served.get("/run/0").text
        lists = [
            urljoin("/run/0", one) for one in re.findall(r'<th scope="row"><a href="([^"]*questions/[^"]*)"', page)
        ]
        own, seen = (
            [one for one in lists if f"chains={quote(name, safe='')}" in one] for name in ("own/chains", "seen")
        )
        listed = served.get(own[0].replace("&amp;", "&")).text
        (link,) = re.findall(r'<a href="([^"]*question/from-outside/mine.csv[^"]*)"', listed)
        question = served.get(urljoin("/run/0/questions/from-outside/mine.csv", link.replace("&amp;", "&"))).text
        (source,) = re.findall(r'<img src="([^"]*)"', question)
        picture = served.get(urljoin("/run/0/question/from-outside/mine.csv", source))
        assert "/run/0/questions/more/fit" in seen[0]
    assert "1 of 1 questions" in listed
    assert "gold <b>3</b>" in question
    assert "<script>alert" not in question
    assert picture.headers["content-type"] == "image/png"


def test_a_run_in_a_folder_of_a_sweep_is_read_whatever_signs_its_name_holds(tmp_path):
    """`lr=1e-5` is no column of its rows, and brackets and stars are no pattern."""
    run = write_run(tmp_path / "lr=1e-5" / "run [1]*?")
    with serving(run) as served:
        assert '<th scope="col">lr' not in served.get("/run/0/rows/chains").text
        assert "4 of 4 questions" in served.get("/run/0/questions/questions").text
        form = {"question": "q/1", "style": "reason", "questions": "questions", "index": 0, "verdict": "wrong"}
        sent = served.post("/run/0/annotate/chains", urlencode(form), Origin=f"http://127.0.0.1:{served.port}")
    assert sent.status == 303


@pytest.mark.parametrize("kind", ["pairs", "rows"])
def test_a_unit_without_rows_has_one_page(tmp_path, kind):
    run = write_run(tmp_path / "run")
    put(run / "none", [], Pair)
    with serving(run) as served:
        assert "page 1 of 1<" in served.get(f"/run/0/{kind}/none").text
