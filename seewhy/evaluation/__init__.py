"""Turn verdicts and log-probs into numbers with intervals, re-ranked answers, token credit."""
