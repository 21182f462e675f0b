"""The nets a model is made of: the shipped tiny one, and any Hugging Face one."""
