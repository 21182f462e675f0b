"""The quirks of evaluation suites, so that a published table can be reproduced; nothing here grades by default.

Each rule is written anew after the suite's public source, which its docstring names by suite and file.
`docs/grading.md` lists what is reproduced and what is not. No rule picks at random: where a suite would,
the reply has no answer.
"""
