"""How the model that ships with seewhy was made; `python -m seewhy.recipes.tiny --run DIR` makes it anew."""
