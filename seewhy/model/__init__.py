"""A vision-language model as three verbs: encode, generate, score."""

from seewhy.model.torchvision_names import let_import

let_import()
