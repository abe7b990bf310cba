"""rustnn as pywebnn's ``MLGraphBuilder`` builds graphs for it: what that lacks, and what it computes wrong."""

LACKING_OPTIONS = {"averagePool2d": ("outputShapeRounding", "outputSizes"), "maxPool2d": ("outputShapeRounding", "outputSizes")}
"""Options that methods lack, by operator."""

SHAPELESS = frozenset({"gather"})
"""Operators whose results have a wrong shape for the calls that read them."""
