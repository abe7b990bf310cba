"""A differential fuzzer of back ends: random graphs, legalized and computed by a back end, against the reference runtime."""
