"""The prompts of judges and teachers, as text files with slots."""
