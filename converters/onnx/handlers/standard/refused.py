"""Operators that no WebNN graph can express, and why."""

from __future__ import annotations

from converters.onnx.cuts import Cut
from converters.onnx.registry import refuse

SIZE = "depends on the data; WebNN has static shapes only"

refuse(
    "RegexFullMatch", "StringConcat", "StringNormalizer", "StringSplit", why="works on strings, which WebNN does not have", hint=Cut.AFTER
)
refuse("ImageDecoder", why=f"the size of a picture {SIZE}, and this one is compressed", hint=Cut.AFTER)
refuse("NonMaxSuppression", why=f"how many boxes it selects {SIZE}", hint=Cut.BEFORE)
refuse("Unique", why=f"how many values are different {SIZE}", hint=Cut.BEFORE)
refuse("CastMap", "DictVectorizer", domain="ai.onnx.ml", why="works on maps, which WebNN does not have", hint=Cut.AFTER)
refuse("CategoryMapper", domain="ai.onnx.ml", why="works on strings, which WebNN does not have", hint=Cut.AFTER)
refuse("Gradient", domain="ai.onnx.preview.training", why="asks for derivatives; WebNN graphs only infer", hint=Cut.BEFORE)
