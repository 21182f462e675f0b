"""Charts, documents and signs: ChartQA, DocVQA, InfographicVQA, TextVQA."""

from seewhy.records.types import Split
from written.sample import Sample, coded, held

QUERIES = [
    {"imgname": "a.png", "query": "How much did hats sell?", "label": "12.5"},
    {"imgname": "b.png", "query": "Which bar is the tallest?", "label": "Spain"},
    {"imgname": "a.png", "query": "In which year did sales peak?", "label": "2014"},
]
SEEN = {"questionId": 11, "question": "Who signed the letter?", "docId": 5, "data_split": "val",
        "question_types": ["handwritten", "form"], "image": "documents/a_1.png",
        "answers": ["R. Roe", "Roe"]}  # fmt: skip
DOCUMENTS = [
    SEEN,
    {**SEEN, "questionId": 12, "question": "What is the date?", "question_types": ["layout"], "answers": ["3/4/71"]},
    {**SEEN, "questionId": 13, "question": "Is it signed?", "question_types": ["Yes/No"], "answers": ["yes"]},
]
POSTER = {"questionId": 70, "question": "How many cups a day?", "image_local_name": "7.jpeg", "answers": ["3", "three"],
          "image_url": "https://example.org/7.jpeg", "ocr_output_file": "7.json", "data_split": "val",
          "answer_type": ["single span"], "evidence": ["Figure"], "operation/reasoning": ["Counting"]}  # fmt: skip
POSTERS = [POSTER, {**POSTER, "questionId": 71, "answers": ["Peru"]}, {**POSTER, "questionId": 72, "answers": ["5%"]}]
SIGN = {"question": "what does the sign say?", "image_id": "0a1b", "image_classes": ["Sign"], "image_width": 12,
        "flickr_original_url": "https://example.org/s.jpg", "question_tokens": ["what"], "question_id": 34602,
        "answers": ["stop"] * 7 + ["stop sign"] * 3, "set_name": "val"}  # fmt: skip
SIGNS = [SIGN, {**SIGN, "question_id": 34603, "answers": ["nokia"] * 10},
         {**SIGN, "question_id": 34604, "answers": ["7"] * 5 + ["seven"] * 5}]  # fmt: skip

SAMPLES = (
    Sample(benchmark="chartqa", file="{split}/{split}_human.json", rows=QUERIES, broken="query",
           pictures=("{split}/png/a.png", "{split}/png/b.png"), facets={"source": "human"},
           answers=(("12.5",), ("Spain",), ("2014",))),
    Sample(benchmark="chartqa", file="data/{split}-00000-of-00001.parquet", broken="query", facets={"source": "human"},
           rows=[{"image": held(1), "query": "How many?", "label": ["4"], "human_or_machine": 0},
                 {"image": held(2), "query": "Which?", "label": ["Norway"], "human_or_machine": 1},
                 {"image": held(1), "query": "What share?", "label": ["25%"], "human_or_machine": 1}],
           answers=(("4",), ("Norway",), ("25%",))),
    Sample(benchmark="docvqa", file="{split}_v1.0_withQT.json", form="data", rows=DOCUMENTS, split=Split.VALIDATION,
           pictures=("documents/a_1.png",), facets={"handwritten": "yes", "form": "yes", "layout": "no"},
           answers=(("R. Roe", "Roe"), ("3/4/71",), ("yes",))),
    Sample(benchmark="docvqa", file="DocVQA/{split}-00000-of-00002.parquet", split=Split.VALIDATION,
           rows=[{**row, "questionId": str(row["questionId"]), "image": held(3)} for row in DOCUMENTS],
           facets={"handwritten": "yes"}, answers=(("R. Roe", "Roe"), ("3/4/71",), ("yes",))),
    Sample(benchmark="infovqa", file="infographicsVQA_{split}_v1.0_withQT.json", form="data", rows=POSTERS,
           split=Split.VALIDATION, pictures=("infographicsvqa_images/7.jpeg",),
           facets={"single span": "yes", "figure": "yes", "counting": "yes", "arithmetic": "no"},
           answers=(("3", "three"), ("Peru",), ("5%",))),
    Sample(benchmark="infovqa", file="InfoVQA_{SPLIT}.tsv", split=Split.VALIDATION, facets={"figure": "no"},
           rows=[{"index": 1, "image": coded(300), "question": "How many?", "answer": "['3', 'three']"},
                 {"index": 2, "image": "1", "question": "Where?", "answer": "['Peru']"}],
           answers=(("3", "three"), ("Peru",))),
    Sample(benchmark="textvqa", file="TextVQA_0.5.1_{split}.json", form="data", rows=SIGNS, split=Split.VALIDATION,
           pictures=("train_images/0a1b.jpg",), facets={},
           answers=tuple(tuple(row["answers"]) for row in SIGNS)),
    Sample(benchmark="textvqa", file="data/{split}-00000-of-00003.parquet", split=Split.VALIDATION, facets={},
           rows=[{**row, "image": held(4)} for row in SIGNS], answers=tuple(tuple(row["answers"]) for row in SIGNS)),
)  # fmt: skip
