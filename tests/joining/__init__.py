"""Steps before and behind a model in its graph: the same as what the helpers make, and as transformers and PyTorch make it."""
