"""A model in several sizes: a graph for each, of which the smallest that fits computes an input."""
