"""The beginning of a recipe that holds together, from questions to pairs; tests go on with their own steps."""

RIGHT = """name: right
models: {base: {path: tiny}, server: {base_url: http://127.0.0.1:9/v1, model: m}}
steps:
  questions: {stage: questions, train: 100, test: 50, validation: 0, shifted: 0}
  rationales: {stage: distil, questions: questions.train, ask: 50}
  lessons: {stage: lessons, rationales: rationales, verdicts: rationales.verdicts, direct: questions.train}
  sft: {stage: train, start: base, data: {lessons: 1.0}, objective: sft, fit: {learning_rate: 1e-4}}
  chains: {stage: sample, model: sft, questions: questions.train, ask: 20}
  verdicts: {stage: judge, chains: chains}
  pairs: {stage: pair, chains: chains, verdicts: verdicts, rule: {kind: by_outcome}}
"""
