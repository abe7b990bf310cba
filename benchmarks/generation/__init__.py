"""Tokens a second of a package of a model that generates: ``python -m benchmarks.generation``."""
