"""Picture files, and the image features that a vision encoder makes of them."""
