"""Engines that draw a model's own chains: several servers at once, tokens beside words, and nothing left unsaid."""
