"""How types and shapes are checked while testing: as beartype does, and an int stands where a float is asked for."""

from beartype import BeartypeConf, beartype

check = beartype(conf=BeartypeConf(is_pep484_tower=True))
