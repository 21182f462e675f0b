"""Choose what a model learns from: lessons to imitate, pairs to prefer."""
