"""How the model that ships with seewhy was made; `seewhy tiny --run DIR` makes it anew."""
