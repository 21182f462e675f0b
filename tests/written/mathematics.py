"""Mathematics over figures: MATH-Vision, MathVista, GeoQA+."""

from seewhy.records.types import Split
from written.sample import Sample, held

FIGURE = {"id": "4", "question": "How long is AB?\n<image1>", "options": [], "answer": "\\frac{3}{4}", "level": 2,
          "image": "images/4.jpg", "subject": "metric geometry - length", "solution": None}  # fmt: skip
FIGURES = [FIGURE, {**FIGURE, "id": "5", "options": ["A", "B", "C"], "answer": "C"},
           {**FIGURE, "id": "6", "answer": "12", "solution": "Count them."}]  # fmt: skip
ABOUT = {"category": "math-targeted-vqa", "context": "bar chart", "grade": "daily life", "img_height": 9,
         "img_width": 12, "language": "english", "skills": ["arithmetic reasoning", "statistical reasoning"],
         "source": "X", "split": "testmini", "task": "figure question answering"}  # fmt: skip
VISTA = {"key": "1", "question": "How tall is the bar?", "image": "images/1.jpg", "choices": None, "unit": "cm",
         "precision": 1.0, "answer": "1.2", "question_type": "free_form", "answer_type": "float", "pid": "1",
         "metadata": ABOUT, "query": "Hint: Please answer..."}  # fmt: skip
VISTAS = [VISTA,
          {**VISTA, "key": "2", "pid": "2", "choices": ["Yes", "No"], "answer": "No", "question_type": "multi_choice",
           "answer_type": "text", "unit": None, "precision": None},
          {**VISTA, "key": "3", "pid": "3", "answer": "[1, 4]", "answer_type": "list"}]  # fmt: skip
SCHOOL = (
    "<image>\nFirst perform reasoning, then finally select the question from the choices in the following "
    "format: Answer: xxx.\nQuestion:In triangle ABC, what is angle A?\nChoices:\nA:30°\nB:40°\nC:50°"
)


def talk(asked: str, said: str) -> list[dict[str, str]]:
    return [{"from": "human", "value": asked}, {"from": "gpt", "value": said}]


TALKS = [{"image": "geoqa_plus/1.png", "conversations": talk(SCHOOL, "It halves 80. So it is B.\nAnswer:B")},
         {"image": "geo3k/2/img.png", "conversations": talk("<image>\nQuestion:Find x.", "x = 6 - 1.\nAnswer: 5")},
         {"image": "geoqa_plus/1.png", "conversations": talk(SCHOOL, "The Answer: no.\nAnswer: (C)")}]  # fmt: skip

SAMPLES = (
    Sample(benchmark="mathvision", file="data/{split}.jsonl", rows=FIGURES, pictures=("images/4.jpg",),
           answers=(("\\frac{3}{4}",), ("C",), ("12",)), facets={"level": "2", "subject": "metric geometry - length"}),
    Sample(benchmark="mathvision", file="data/{split}-00000-of-00001.parquet",
           rows=[{**row, "decoded_image": held(2)} for row in FIGURES],
           answers=(("\\frac{3}{4}",), ("C",), ("12",)), facets={"level": "2"}),
    Sample(benchmark="mathvista", file="data/{split}.json", form="keyed", rows=VISTAS, pictures=("images/1.jpg",),
           answers=(("1.2",), ("B",), ("[1, 4]",)), text="How tall is the bar? (Unit: cm)",
           facets={"task": "figure question answering", "precision": "1", "arithmetic reasoning": "yes",
                   "geometry reasoning": "no"}),
    Sample(benchmark="mathvista", file="data/{split}-00000-of-00001.parquet",
           rows=[{**row, "decoded_image": held(2)} for row in VISTAS], answers=(("1.2",), ("B",), ("[1, 4]",)),
           facets={"context": "bar chart", "statistical reasoning": "yes"}),
    Sample(benchmark="geoqa", file="{split}.json", rows=TALKS, split=Split.TRAIN, broken="conversations",
           pictures=("images/geoqa_plus/1.png", "images/geo3k/2/img.png"), answers=(("B",), ("5",), ("C",)),
           options=("30°", "40°", "50°"), text="In triangle ABC, what is angle A?", facets={"form": "options"}),
    Sample(benchmark="geoqa", file="data/qa_tuning-00000-of-00001.parquet", split=Split.TRAIN,
           rows=[{**row, "image": held(number)} for number, row in enumerate(TALKS)], broken="conversations",
           answers=(("B",), ("5",), ("C",)), facets={"form": "options"}),
)  # fmt: skip
