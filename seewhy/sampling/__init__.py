"""Ask a model for N chains a question, the same ones every time."""
