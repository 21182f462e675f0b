"""What the server imports before transformers, which looks for torchvision once and for all when it is loaded."""

import torchvision_names

torchvision_names.let_import()
