"""Yes or no, words in pictures, and what a judge rates: POPE, OCRBench, MM-Vet, LLaVA-Bench, MMHal, Object-HalBench."""

from written.sample import Sample, coded, held

PROBE = {"question_id": 1, "image": "COCO_val2014_000000000042.jpg", "text": "Is there a chair in the image?",
         "label": "yes"}  # fmt: skip
PROBES = [PROBE, {**PROBE, "question_id": 2, "label": "no"}, {**PROBE, "question_id": 3, "text": "Is there a cat?"}]
READ = {"image_path": "IIIT5K/1.png", "dataset_name": "IIIT5K", "id": 0, "type": "Regular Text Recognition",
        "question": "what is written in the image?", "answers": ["CAFE"]}  # fmt: skip
READ_ROWS = [READ, {**READ, "id": 1, "answers": ["12 May", "May 12"], "type": "Doc-oriented VQA"},
             {**READ, "id": 2, "answers": "\\frac{1}{2} x", "type": "Handwritten Mathematics"}]  # fmt: skip
VET = {"key": "v1_0", "imagename": "v1_0.png", "question": "What is x?", "answer": "-1 <AND> -5", "imagesource": "u",
       "capability": ["ocr", "math"]}  # fmt: skip
VETS = [VET, {**VET, "key": "v1_1", "answer": "cat"}, {**VET, "key": "v1_2", "answer": "two <OR> 2"}]
WILD = {"question_id": 0, "image": "001.jpg", "text": "What is this place?", "category": "conv",
        "gpt_answer": "A harbour."}  # fmt: skip
HAL = {"question_type": "attribute", "question_topic": "vehicle", "image_id": "0a", "image_content": ["Car"],
       "image_src": "https://example.org/o/7_0a.jpg", "question": "What colour is the car?", "gt_answer": "It is red.",
       "model_answer": ""}  # fmt: skip
TELL = {"image": coded(5), "image_id": 391895, "question": "Please describe this image in detail."}

SAMPLES = (
    Sample(benchmark="pope", file="coco_pope_random.json", form="lines", rows=PROBES, broken="text",
           pictures=("val2014/COCO_val2014_000000000042.jpg",), answers=(("yes",), ("no",), ("yes",)),
           facets={"objects": "random"}),
    Sample(benchmark="pope", file="data/{split}-00000-of-00003.parquet", broken="text",
           rows=[{"id": "0", "question_id": "1", "text": "Is there a cat?", "answer": "No", "image_source": "x",
                  "image": held(1), "category": "adversarial"}], answers=(("no",),),
           facets={"objects": "adversarial"}),
    Sample(benchmark="ocrbench", file="OCRBench/OCRBench.json", rows=READ_ROWS,
           pictures=("OCRBench_Images/IIIT5K/1.png",), answers=(("CAFE",), ("12 May", "May 12"), ("\\frac{1}{2} x",)),
           facets={"kind": "Regular Text Recognition", "dataset": "IIIT5K"}),
    Sample(benchmark="ocrbench", file="data/{split}-00000-of-00001.parquet",
           rows=[{"dataset": "IIIT5K", "question": "what is written?", "question_type": "Regular Text Recognition",
                  "answer": ["CAFE"], "image": held(3)}], answers=(("CAFE",),), facets={"dataset": "IIIT5K"}),
    Sample(benchmark="mmvet", file="mm-vet.json", form="keyed", rows=VETS, pictures=("images/v1_0.png",),
           answers=(("-1 <AND> -5",), ("cat",), ("two <OR> 2",)), facets={"ocr": "yes", "math": "yes", "spat": "no"}),
    Sample(benchmark="llavabench", file="data/train-00000-of-00001.parquet", broken="text",
           rows=[{**WILD, "question_id": number, "image": held(number)} for number in range(3)],
           answers=(("A harbour.",),) * 3, facets={"category": "conv"}),
    Sample(benchmark="mmhal", file="response_template.json", rows=[HAL, HAL, HAL], pictures=("images/7_0a.jpg",),
           answers=(("It is red.",),) * 3, facets={"question": "attribute", "topic": "vehicle"}),
    Sample(benchmark="objecthal", file="obj_halbench_300_with_image.jsonl", rows=[TELL, TELL, TELL], answers=((),) * 3,
           facets={}),
)  # fmt: skip
