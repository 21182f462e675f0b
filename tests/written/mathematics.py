"""Mathematics over figures: MATH-Vision, MathVista, GeoQA+."""

from written.sample import Sample, held

FIGURE = {"id": "4", "question": "How long is AB?\n<image1>", "options": [], "answer": "\\frac{3}{4}", "level": 2,
          "image": "images/4.jpg", "subject": "metric geometry - length", "solution": None}  # fmt: skip
FIGURES = [FIGURE, {**FIGURE, "id": "5", "options": ["A", "B", "C"], "answer": "C"},
           {**FIGURE, "id": "6", "answer": "12", "solution": "Count them."}]  # fmt: skip

SAMPLES = (
    Sample(benchmark="mathvision", file="data/{split}.jsonl", rows=FIGURES, pictures=("images/4.jpg",),
           answers=(("\\frac{3}{4}",), ("C",), ("12",)), facets={"level": "2", "subject": "metric geometry - length"}),
    Sample(benchmark="mathvision", file="data/{split}-00000-of-00001.parquet",
           rows=[{**row, "decoded_image": held(2)} for row in FIGURES],
           answers=(("\\frac{3}{4}",), ("C",), ("12",)), facets={"level": "2"}),
)  # fmt: skip
