"""Operators that no WebNN graph can express, and why."""

from __future__ import annotations

from converters.onnx.registry import refuse

BEFORE = "end the graph before it: --output NAME"
AFTER = "begin the graph after it: --input NAME"
SIZE = "depends on the data; WebNN has static shapes only"

refuse("Bernoulli", "Multinomial", "RandomNormal", "RandomNormalLike", "RandomUniform", "RandomUniformLike",
       why="its result is random; WebNN has no random numbers", hint="feed the numbers as an input instead: --input NAME")  # fmt: skip
refuse("RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", why="works on strings, which WebNN does not have", hint=AFTER)
refuse("ImageDecoder", why=f"the size of a picture {SIZE}, and this one is compressed", hint=AFTER)
refuse("NonMaxSuppression", why=f"how many boxes it selects {SIZE}", hint=BEFORE)
refuse("Unique", why=f"how many values are different {SIZE}", hint=BEFORE)
refuse("Gradient", domain="ai.onnx.preview.training", why="asks for derivatives; WebNN graphs only infer", hint=BEFORE)
