"""The oracle behind an OpenAI-compatible server: for tests of teachers over a wire, with faults and a bill."""
