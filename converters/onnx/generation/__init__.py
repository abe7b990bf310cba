"""Generating models in ONNX, as graphs with a cache of fixed size.

    model = GeneratingModel(Path("model"), prompt_length=16, cache_length=128)
    graphs = model.graphs     # decode and prefill; encode for encoder-decoders
    settings = model.settings

The exports of Optimum, transformers.js and onnxruntime-genai are recognised by the names of their inputs and outputs. Their
caches grow: here the past has a fixed size, and new tokens are written into it at ``position``.

``prefill`` takes ``prompt_length`` tokens at once, ``decode`` one:

* ``input_ids``: int32[1, tokens];
* ``position``: int32[1], how many tokens are in the cache already;
* ``last``: int32[1], only of ``prefill``: which of the tokens the logits are wanted after;
* ``past_key_0`` ...: what the call before gave as ``present_key_0`` ..., zeros at first;
* of encoder-decoders what ``encode`` gives, or takes, under the same names.

They give ``logits`` float32[1, vocabulary], the largest of them and their ids, ``top_logits`` and ``top_ids``, and the states.
"""

from converters.onnx.generation.model import GeneratingModel

__all__ = ["GeneratingModel"]
