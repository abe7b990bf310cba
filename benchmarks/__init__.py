"""Measurements, to be run by hand: ``python -m tests.benchmarks``."""
