"""Releases that lie in several files are read whole, each part where its authors put it."""

import json

import pytest
from written.exams import RELATIONS, SUBJECT
from written.judged import PROBES, WILD
from written.reading import QUERIES
from written.sample import coded, png, write_rows

from seewhy.benchmarks import (
    ai2d,
    chartqa,
    crpe,
    llavabench,
    mathvision,
    mmmu,
    mmstar,
    mmvet,
    ocrbench,
    pope,
    scienceqa,
)  # fmt: skip
from seewhy.benchmarks.release.mmmu_subjects import DOMAIN_OF, DOMAINS
from seewhy.records.types import MatchRule, Split


def write_ai2d(root, is_label=True):
    """Two diagrams, of which the second is in the test split."""
    (root / "questions").mkdir()
    for folder in ("images", "abc_images"):
        (root / folder).mkdir()
    for number in (4, 11):
        asked = {"Which part holds water?": {"questionId": f"{number}.png-0", "correctAnswer": 2, "abcLabel": is_label,
                                             "answerTexts": ["A", "B", "C", "D"]},
                 "What is shown?": {"questionId": f"{number}.png-1", "correctAnswer": 0, "abcLabel": False,
                                    "answerTexts": ["a leaf", "a root", "a cell", "a seed"]}}  # fmt: skip
        row = {"imageName": f"{number}.png", "questions": asked}
        (root / "questions" / f"{number}.png.json").write_text(json.dumps(row))
        for folder, colour in (("images", number), ("abc_images", number + 100)):
            (root / folder / f"{number}.png").write_bytes(png(colour))
    (root / "ai2d_test_ids.csv").write_text("11\n")


def test_ai2ds_diagrams_ask_several_questions_and_the_test_ids_tell_the_splits(tmp_path):
    write_ai2d(tmp_path)
    label, plain = ai2d.load(tmp_path, Split.TEST, count=9, pictures=tmp_path)
    assert (label.id, label.gold.answers, label.facets) == ("ai2d/test/11.png-0", ("C",), {"labels": "yes"})
    assert (plain.gold.answers, plain.facets, plain.options[0]) == (("A",), {"labels": "no"}, "a leaf")
    assert label.images[0].path.endswith("abc_images/11.png")
    assert plain.images[0].path.endswith("/images/11.png")
    assert [question.id for question in ai2d.load(tmp_path, Split.TRAIN, count=9)] == [
        "ai2d/train/4.png-0",
        "ai2d/train/4.png-1",
    ]


def test_ai2d_without_its_test_ids_is_refused_for_any_split_could_be_meant(tmp_path):
    write_ai2d(tmp_path)
    (tmp_path / "ai2d_test_ids.csv").unlink()
    with pytest.raises(ValueError, match=r"ai2d_test_ids\.csv is not there"):
        ai2d.load(tmp_path, Split.TEST, count=9)


def test_llava_bench_takes_gpt4s_answers_from_the_file_beside_its_questions(tmp_path):
    rows = [{name: value for name, value in WILD.items() if name != "gpt_answer"} | {"question_id": number}
            for number in range(3)]  # fmt: skip
    write_rows(tmp_path / "questions.jsonl", rows, "")
    write_rows(tmp_path / "answers_gpt4.jsonl", [{"question_id": number, "text": f"No. {number}"}
                                                 for number in range(2)], "")  # fmt: skip
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "001.jpg").write_bytes(png(1))
    with pytest.raises(ValueError, match=r"questions\.jsonl:3: field 'question_id' is '2', to which .* has no answer"):
        llavabench.load(tmp_path, Split.TEST, count=9)
    write_rows(tmp_path / "questions.jsonl", rows[:2], "")
    questions = list(llavabench.load(tmp_path, Split.TEST, count=9))
    assert [question.gold.answers for question in questions] == [("No. 0",), ("No. 1",)]
    assert {question.gold.rule for question in questions} == {MatchRule.OPEN}


def test_pope_reads_its_three_files_and_their_equal_ids_stay_apart(tmp_path):
    (tmp_path / "val2014").mkdir()
    (tmp_path / "val2014" / PROBES[0]["image"]).write_bytes(png(1))
    for name in ("random", "popular", "adversarial"):
        write_rows(tmp_path / f"coco_pope_{name}.json", PROBES, "lines")
    questions = list(pope.load(tmp_path, Split.TEST, count=99))
    assert [question.facets["objects"] for question in questions] == ["adversarial"] * 3 + ["popular"] * 3 + [
        "random"
    ] * 3
    assert {pope.RELEASE.key_of(question.id) for question in questions if question.gold.answers == ("no",)} == {
        "random/2",
        "popular/2",
        "adversarial/2",
    }


def test_chartqa_reads_people_and_machine_and_numbers_them_together(tmp_path):
    (tmp_path / "test" / "png").mkdir(parents=True)
    for name in ("a.png", "b.png"):
        (tmp_path / "test" / "png" / name).write_bytes(png(1))
    for kind in ("human", "augmented"):
        write_rows(tmp_path / "test" / f"test_{kind}.json", QUERIES, "")
    ids = [question.id for question in chartqa.load(tmp_path, Split.TEST, count=99)]
    assert ids == [f"chartqa/test/augmented/{number}" for number in range(3)] + [
        f"chartqa/test/human/{number}" for number in range(3, 6)
    ]


def test_crpe_reads_both_parts_whose_ids_are_equal(tmp_path):
    (tmp_path / "images" / "train2017").mkdir(parents=True)
    (tmp_path / "images" / RELATIONS[0]["image"]).write_bytes(png(1))
    write_rows(tmp_path / "crpe_exist.jsonl", RELATIONS, "")
    write_rows(tmp_path / "crpe_relation.jsonl", RELATIONS, "")
    ids = {crpe.RELEASE.key_of(question.id) for question in crpe.load(tmp_path, Split.TEST, count=99)}
    assert ids == {f"{part}/{number}" for part in ("existence", "relation") for number in range(3)}


def test_mmmus_table_of_two_splits_gives_each_its_own_with_all_pictures(tmp_path):
    pictures = json.dumps([coded(1), coded(2)])
    rows = [{"index": number, "id": f"{split}_Music_{number}", "question": "<image 1> or <image 2>?", "A": "one",
             "B": "two", "answer": "A", "image": pictures, "topic_difficulty": "Easy",
             "question_type": "multiple-choice"}
            for number, split in enumerate(["dev", "validation", "dev"])]  # fmt: skip
    write_rows(tmp_path / "MMMU_DEV_VAL.tsv", rows, "")
    (question,) = mmmu.load(tmp_path, Split.VALIDATION, count=9, pictures=tmp_path)
    assert question.id == "mmmu/validation/validation_Music_1"
    assert len(question.images) == 2
    assert question.facets["domain"] == "Art and Design"
    assert mmmu.sizes(tmp_path)[Split.TRAIN] == 2


def test_an_mmmu_subject_that_is_none_is_refused(tmp_path):
    (tmp_path / "Law").mkdir()
    write_rows(tmp_path / "Law" / "validation-00000-of-00001.parquet", [{**SUBJECT, "id": "validation_Law_1"}], "")
    with pytest.raises(ValueError, match=r"parquet:1: field 'id' is 'validation_Law_1'"):
        mmmu.load(tmp_path, Split.VALIDATION, count=1)


def test_the_thirty_subjects_of_mmmu_are_in_six_domains():
    assert (len(DOMAIN_OF), len(DOMAINS)) == (30, 6)


def test_a_question_of_mmstar_whose_options_cannot_be_cut_keeps_them_in_its_text(tmp_path):
    write_rows(tmp_path / "MMStar.tsv", [{"index": 0, "question": "Which? (A) red (B) blue", "image": coded(1),
                                          "answer": "B", "category": "math", "l2_category": "x"}], "")  # fmt: skip
    (question,) = mmstar.load(tmp_path, Split.TEST, count=1)
    assert (question.text, question.options) == ("Which? (A) red (B) blue", ("A", "B", "C", "D"))


SUITE_ROWS = {
    "ScienceQA_TEST": ({"hint": "h", "A": "a", "B": "b", "C": "", "answer": "B"}, ("B",), {"TXT": "yes", "IMG": "yes"}),
    "POPE": ({"answer": "Yes", "category": "adversarial"}, ("yes",), {"objects": "adversarial"}),
    "ChartQA_TEST": ({"answer": "3", "split": "test_human"}, ("3",), {"source": "human"}),
    "MathVision_MINI": (
        {"answer": "A", "choices": "['A', 'B']", "category": "algebra"},
        ("A",),
        {"subject": "algebra"},
    ),
    "OCRBench": ({"answer": "['x', 'y']", "category": "Scene Text"}, ("x", "y"), {"kind": "Scene Text"}),
    "MMVet": ({"answer": "x", "category": "rec,ocr"}, ("x",), {"rec": "yes", "ocr": "yes", "math": "no"}),
}


@pytest.mark.parametrize(("table", "module", "split"), [
    ("ScienceQA_TEST", scienceqa, Split.TEST), ("POPE", pope, Split.TEST), ("ChartQA_TEST", chartqa, Split.TEST),
    ("MathVision_MINI", mathvision, Split.VALIDATION), ("OCRBench", ocrbench, Split.TEST), ("MMVet", mmvet, Split.TEST),
])  # fmt: skip
def test_the_tables_of_vlmevalkit_are_read_with_their_pictures(tmp_path, table, module, split):
    fields, answers, facets = SUITE_ROWS[table]
    row = {"index": 1, "image": coded(1), "question": "What is it?", **fields}
    write_rows(tmp_path / f"{table}.tsv", [row], "")
    (question,) = module.load(tmp_path, split, count=9, pictures=tmp_path)
    assert (question.text, question.gold.answers) == ("What is it?", answers)
    assert dict(question.facets) == {**question.facets, **facets}
    assert len(question.images) == 1
