"""School and knowledge: ScienceQA, A-OKVQA, TabMWP, NLVR, easy-VQA."""

from seewhy.records.types import Split
from written.sample import Sample, held

LESSON = {"key": "7", "question": "Which one floats?", "choices": ["a nail", "a cork"], "answer": 1, "hint": "",
          "image": "image.png", "task": "closed choice", "grade": "grade3", "subject": "natural science",
          "topic": "physics", "category": "Density", "skill": "Sink or float", "lecture": "Light things float.",
          "solution": "Cork is light.", "split": "test"}  # fmt: skip
LESSONS = [
    LESSON,
    {**LESSON, "key": "8", "answer": 0, "hint": "In winter.", "image": None, "grade": "grade11",
     "subject": "social science"},
    {**LESSON, "key": "9", "image": None, "grade": "grade6", "subject": "language science"},
]  # fmt: skip
KNOWN = {"split": "val", "image_id": 42, "question_id": "q1", "question": "What is the dog for?",
         "choices": ["herding", "racing", "guarding", "show"], "correct_choice_idx": 2,
         "direct_answers": ["guard"] * 6 + ["guarding"] * 4, "difficult_direct_answer": False,
         "rationales": ["It stands at a gate.", "A gate.", "It guards."]}  # fmt: skip
KNOWN_ROWS = [KNOWN, {**KNOWN, "question_id": "q2", "difficult_direct_answer": True},
              {**KNOWN, "question_id": "q3", "direct_answers": ["red"] * 10, "correct_choice_idx": 0}]  # fmt: skip
KNOWN_ON_HUB = [{**row, "image": held(5), "direct_answers": str(row["direct_answers"])} for row in KNOWN_ROWS]
TABLE = {"key": "31", "question": "What is the price of two pens?", "choices": None, "answer": "1,240.50", "unit": "$",
         "table_title": None, "table": "pen | $620.25", "table_for_pd": {"pen": ["$620.25"]}, "row_num": 1,
         "column_num": 2, "solution": "Multiply.", "ques_type": "free_text", "ans_type": "decimal_number", "grade": 4,
         "split": "dev"}  # fmt: skip
TABLES = [TABLE, {**TABLE, "key": "32", "answer": "3/7", "unit": None, "grade": 7},
          {**TABLE, "key": "33", "answer": "shortage", "choices": ["surplus", "shortage"],
           "ques_type": "multi_choice"}]  # fmt: skip
DRAWN = {"sentence": "There is a tower of two blocks.", "label": "true", "identifier": "12-0", "directory": "3",
         "evals": {"r0": "true", "r1": "false"}, "structured_rep": [[], [], []]}  # fmt: skip
DRAWN_ROWS = [DRAWN, {**DRAWN, "identifier": "13-1", "label": "false"}]
BOXES = tuple(f"{{split}}/images/3/{{split}}-{key}-{number}.png" for key in ("12-0", "13-1") for number in range(6))

SAMPLES = (
    Sample(benchmark="scienceqa", file="problems.json", form="keyed", rows=LESSONS,
           pictures=("images/test/7/image.png",), answers=(("B",), ("A",), ("B",)),
           facets={"subject": "NAT", "grades": "G1-6", "TXT": "no", "IMG": "yes", "NO": "no"}),
    Sample(benchmark="scienceqa", file="data/{split}-00000-of-00001.parquet",
           rows=[{name: value for name, value in row.items() if name not in ("key", "split")}
                 | {"image": held(1) if row["image"] else None} for row in LESSONS],
           answers=(("B",), ("A",), ("B",)), facets={"subject": "NAT", "grades": "G1-6", "IMG": "yes"}),
    Sample(benchmark="aokvqa", file="aokvqa_v1p0_{split}.json", rows=KNOWN_ROWS, split=Split.VALIDATION,
           pictures=("coco/{split}2017/000000000042.jpg",), answers=(("C",), ("C",), ("A",)),
           facets={"difficult": "no"}),
    Sample(benchmark="aokvqa", file="data/{split}-00000-of-00001.parquet", rows=KNOWN_ON_HUB, split=Split.VALIDATION,
           answers=(("C",), ("C",), ("A",)), facets={"difficult": "no"}),
    Sample(benchmark="aokvqa_da", file="aokvqa_v1p0_{split}.json", rows=KNOWN_ROWS, split=Split.VALIDATION,
           pictures=("coco/{split}2017/000000000042.jpg",), facets={},
           answers=(("guard",) * 6 + ("guarding",) * 4, ("red",) * 10)),
    Sample(benchmark="aokvqa_da", file="data/{split}-00000-of-00001.parquet", rows=KNOWN_ON_HUB,
           split=Split.VALIDATION, facets={}, answers=(("guard",) * 6 + ("guarding",) * 4, ("red",) * 10)),
    Sample(benchmark="tabmwp", file="problems_{split}.json", form="keyed", rows=TABLES, split=Split.VALIDATION,
           pictures=("tables/31.png", "tables/32.png", "tables/33.png"), answers=(("1,240.50",), ("3/7",), ("B",)),
           facets={"question": "free_text", "answer": "decimal_number", "grades": "1-6"}),
    Sample(benchmark="nlvr", file="{split}/{split}.json", form="lines", rows=DRAWN_ROWS, broken="sentence",
           pictures=BOXES, answers=(("yes",),) * 6 + (("no",),) * 6, facets={"label": "true", "votes": "divided"}),
    Sample(benchmark="easyvqa", file="easy_vqa/data/{split}/questions.json", broken="items",
           rows=[["what is shown?", "circle", 0], ["is there a circle?", "yes", 0], ["what colour?", "teal", 1]],
           pictures=("easy_vqa/data/{split}/images/0.png", "easy_vqa/data/{split}/images/1.png"),
           answers=(("circle",), ("yes",), ("teal",)), facets={"kind": "shape"}),
)  # fmt: skip
