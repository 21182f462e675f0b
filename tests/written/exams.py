"""Exams with options: AI2D, M3CoT, MMMU, MMStar, CRPE."""

from seewhy.records.types import Split
from written.sample import Sample, coded, held

DIAGRAM = {"question": "Which part takes up water?", "options": ["leaf", "root", "stem", "bud"], "answer": "1",
           "image": held(1)}  # fmt: skip
STEPS = {"id": "physics-7", "category": "physics-forces", "image_id": "physics-7", "question": "Which pulls harder?",
         "choices": ["pair 1", "pair 2"], "context": "Two pairs of magnets.", "answer": "B", "rationale": "Near.",
         "split": "test", "domain": "science", "topic": "natural-science"}  # fmt: skip
STEP_ROWS = [STEPS, {**STEPS, "id": "algebra-1", "answer": "A", "domain": "mathematics"},
             {**STEPS, "id": "x-3", "context": "", "rationale": ""}]  # fmt: skip
SUBJECT = {"id": "validation_Accounting_1", "question": "<image 1> What was the profit?", "options": "['$6', '$7']",
           "explanation": "", "image_1": held(1), "image_2": held(2), "img_type": "['Tables']", "answer": "B",
           "topic_difficulty": "Medium", "question_type": "multiple-choice", "subfield": "Audit"}  # fmt: skip
STAR = {"index": 0, "question": "Where is it?\nOptions: A: On the book, or so., B: Under it, C: Beside it, D: Far",
        "image": b"", "answer": "A", "category": "coarse perception", "l2_category": "image scene",
        "meta_info": {"source": "MMBench", "split": "val", "image_path": "images/0.jpg"}}  # fmt: skip
RELATION = {"question_id": 0, "image": "train2017/000000000009.jpg", "category": "predicate", "correct_option": "B",
            "text": "What is the relation of the cup to the table?\nA. under\nB. on\nC. behind\nD. in\nAnswer with the "
            "option's letter from the given choices directly."}  # fmt: skip
RELATIONS = [RELATION, {**RELATION, "question_id": 1, "correct_option": "D"},
             {**RELATION, "question_id": 2, "category": "subject", "correct_option": "A"}]  # fmt: skip


def star(number: int, **fields: object) -> dict[str, object]:
    return {**STAR, "index": number, "image": held(number)["bytes"], **fields}


def subject(number: int, **fields: object) -> dict[str, object]:
    return {**SUBJECT, "id": f"validation_Accounting_{number}", **fields}


def pro(number: int, **more: object) -> dict[str, object]:
    return {"id": f"test_Physics_{number}", "question": "Which? <image 1> <image 2>", "answer": "B",
            "options": str([f"option {letter}" for letter in "abcdefghij"]), "explanation": "?", "subject": "Physics",
            "image_1": held(number), "image_2": held(number + 10), "img_type": "['Plots']",
            "topic_difficulty": "Easy", **more}  # fmt: skip


SAMPLES = (
    Sample(benchmark="ai2d", file="data/{split}-00000-of-00001.parquet", answers=(("B",), ("A",), ("D",)),
           rows=[DIAGRAM, {**DIAGRAM, "answer": "0"}, {**DIAGRAM, "answer": "3"}], facets={"labels": "not given"}),
    Sample(benchmark="ai2d", file="AI2D_{SPLIT}.tsv", answers=(("B",), ("C",)), facets={"labels": "not given"},
           rows=[{"index": 3, "image": coded(400), "question": "Which?", "A": "a", "B": "b", "C": "c", "answer": "B"},
                 {"index": 4, "image": "3", "question": "What?", "A": "a", "B": "b", "C": "c", "answer": "C"}],
           options=("a", "b", "c")),
    Sample(benchmark="m3cot", file="data/{split}.jsonl", rows=STEP_ROWS, pictures=("images/physics-7.png",),
           answers=(("B",), ("A",), ("B",)), facets={"domain": "science", "topic": "natural-science"}),
    Sample(benchmark="m3cot", file="data/{split}-00000-of-00001.parquet",
           rows=[{**row, "image": held(5)} for row in STEP_ROWS], answers=(("B",), ("A",), ("B",)),
           facets={"domain": "science"}),
    Sample(benchmark="mmmu", file="Accounting/validation-00000-of-00001.parquet", split=Split.VALIDATION,
           rows=[subject(1), subject(2, question_type="open", options="[]", answer="['24/7', '3.429']"),
                 subject(3, image_2=None, question_type="open", options="[]", answer="1000")],
           answers=(("B",), ("24/7", "3.429"), ("1000",)), options=("$6", "$7"), images=2,
           facets={"domain": "Business", "subject": "Accounting", "difficulty": "Medium", "form": "options"}),
    Sample(benchmark="mmmupro", file="standard (10 options)/{split}-00000-of-00002.parquet", broken="answer",
           rows=[pro(1), pro(2, answer="J"), pro(3, image_2=None)], answers=(("B",), ("J",), ("B",)), images=2,
           facets={"domain": "Science", "subject": "Physics", "difficulty": "Easy", "form": "standard"}),
    Sample(benchmark="mmmupro", file="vision/{split}-00000-of-00001.parquet", broken="answer",
           rows=[{"id": f"test_Physics_{n}", "image": held(n), "answer": "A", "subject": "Physics",
                  "options": "['one', 'two']"} for n in range(3)], answers=(("A",),) * 3, options=("one", "two"),
           text="Answer the question that the picture shows.", facets={"form": "vision", "difficulty": "not given"}),
    Sample(benchmark="mmstar", file="mmstar.parquet", broken="question",
           rows=[star(0), star(1, answer="D"), star(2, question="Which? (A) or (B)", answer="B")],
           answers=(("A",), ("D",), ("B",)), options=("On the book, or so.", "Under it", "Beside it", "Far"),
           text="Where is it?", facets={"category": "coarse perception", "skill": "image scene"}),
    Sample(benchmark="mmstar", file="MMStar.tsv", answers=(("A",),), options=("one", "two"), text="Which?",
           rows=[{"index": 0, "question": "Which?", "image": coded(1), "A": "one", "B": "two", "answer": "A",
                  "category": "math", "l2_category": "geometry"}], facets={"category": "math"}),
    Sample(benchmark="crpe", file="crpe_relation.jsonl", rows=RELATIONS, broken="text",
           pictures=("images/train2017/000000000009.jpg",), answers=(("B",), ("D",), ("A",)),
           options=("under", "on", "behind", "in"), text="What is the relation of the cup to the table?",
           facets={"category": "predicate"}),
    Sample(benchmark="crpe", file="CRPE_EXIST.tsv", answers=(("B",),), options=("cat", "dog"),
           rows=[{"index": 9, "question": "Which?", "image": coded(1), "A": "cat", "B": "dog", "answer": "B",
                  "category": "exist"}], facets={"category": "exist"}),
)  # fmt: skip
