"""Kinds of credit: what is said of each token of a chain, so that low values find what is wrong; one file each."""
