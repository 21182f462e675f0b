"""One file a stage: what it reads, what it writes, what it costs, and what the report shows of it."""
