"""seewhy teaches vision-language models to reason, and shows why."""

__version__ = "0.1.0"
