"""The parts of jsonl: how a line becomes a question."""
