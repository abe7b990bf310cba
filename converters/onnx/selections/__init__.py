"""Tensors of what a mask selects, whose size depends on data, as long as nothing needs to know the size."""
