"""Draw chains: prefill once a question, decode its branches together."""
