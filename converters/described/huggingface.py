"""What a folder of Hugging Face says of a model's inputs and outputs, in the names of the transformers library."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

from converters.described import sounds
from converters.described.folder import Folder
from webnn_graph.errors import FormatError
from webnn_graph.graph import Graph, Operand
from webnn_graph.metadata import Boxes, Characters, Depth, Embedding, Image, Labels, Meaning, Regression, Target, Tokens
from webnn_graph.wording import one_line

TASKS = {
    "ForImageClassification": "image-classification",
    "ForAudioClassification": "audio-classification",
    "ForSequenceClassification": "text-classification",
    "ForTokenClassification": "token-classification",
    "ForSemanticSegmentation": "image-segmentation",
    "ForObjectDetection": "object-detection",
    "ForDepthEstimation": "depth-estimation",
    "ForCTC": "automatic-speech-recognition",
    "ForMaskedLM": "fill-mask",
    "ForQuestionAnswering": "question-answering",
}
"""What a class is for, by the end of its name."""
RESAMPLES = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
"""Ways to resize, by the numbers that Pillow gives them."""
TOKENS = {"input_ids": "ids", "attention_mask": "mask", "token_type_ids": "types", "position_ids": "positions"}
POOLINGS = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "first", "pooling_mode_lasttoken": "last"}
"""How sentence-transformers makes one vector of all tokens, by the member that says so."""
VECTORS = ("pooler_output", "image_embeds")
"""Outputs that are a picture's vector."""
MOST_STRIDES = 100
"""Convolutions of a model that takes samples."""
METRIC = ("glpn", "zoedepth", "depth_pro")
"""Models whose distances are in metres; those of others are the larger the nearer."""


def meanings(folder: Folder, graph: Graph) -> tuple[str, Iterator[tuple[str, Meaning]]]:
    """What a graph is for, and what its inputs and outputs are, by name, as far as the folder says it.

    Raises:
        FormatError: A member is not what its place takes; when it is come to.
    """
    task = _task(folder, graph)
    return task, _said(folder, task, graph)


def _said(folder: Folder, task: str, graph: Graph) -> Iterator[tuple[str, Meaning]]:
    try:
        for operand in graph.inputs:
            if meaning := _input(folder, operand):
                yield operand.name, meaning
        for operand in graph.outputs:
            if meaning := _output(folder, task, operand):
                yield operand.name, meaning
    except (TypeError, ValueError, LookupError, AttributeError, ArithmeticError) as error:
        raise FormatError(f"a member is not what its place takes: {one_line(str(error), 200)}") from None


def _task(folder: Folder, graph: Graph) -> str:
    named = folder.config.get("architectures")
    name = named[0] if isinstance(named, list) and named and isinstance(named[0], str) else ""
    task = next((task for end, task in TASKS.items() if name.endswith(end)), "")
    if task == "text-classification" and any(operand.name in sounds.NAMES for operand in graph.inputs):
        return "audio-classification"
    if not task and folder.document("modules.json"):
        return "sentence-similarity"
    if not task and _takes_pictures(graph) and any(operand.name in VECTORS for operand in graph.outputs):
        return "image-feature-extraction"
    return task


def _takes_pictures(graph: Graph) -> bool:
    """Whether pictures are all that goes in."""
    return [operand.name for operand in graph.inputs] == ["pixel_values"]


# ------------------------------------------------------------------------------------------------------------------- inputs
def _input(folder: Folder, operand: Operand) -> Meaning | None:
    said, config = folder.processor, folder.config
    if operand.name in TOKENS:
        holds: Any = TOKENS[operand.name]
        return Tokens(holds=holds, pad=_whole(config.get("pad_token_id")) if holds == "ids" else None)
    if operand.name == "pixel_values" and operand.rank in (3, 4) and _is_of_pictures(said):
        return _image(said, operand)
    return sounds.sound(said, operand.rank) if operand.name in sounds.NAMES else None


def _whole(value: Any) -> int | None:
    return value if type(value) is int and value >= 0 else None


def _is_of_pictures(said: Mapping[str, Any]) -> bool:
    return any(name in said for name in ("image_mean", "do_rescale", "rescale_factor", "do_resize", "crop_size"))


def _image(said: Mapping[str, Any], operand: Operand) -> Image:
    """What an image processor makes of a picture: resize, center crop, rescale, normalize, pad, in this order."""
    scale = said.get("rescale_factor", 1 / 255) if said.get("do_rescale", True) else 1.0
    is_normalized = said.get("do_normalize", "image_mean" in said and "do_flip_channel_order" not in said)  # MobileViT's is not
    channels = "gray" if operand.shape[-3] == 1 else "bgr" if said.get("do_flip_channel_order") else "rgb"
    how: dict[str, Any] = {
        "channels": channels,
        "scale": scale,
        "mean": _channels(said.get("image_mean")) if is_normalized else (),
        "std": _channels(said.get("image_std")) if is_normalized else (),
        **_resizing(said, operand.shape),
    }
    number = said.get("resample")
    if number is not None:
        if type(number) is not int or not 0 <= number < len(RESAMPLES):
            raise ValueError(f"resample is {number!r}, not a number from 0 to {len(RESAMPLES) - 1}")
        how["resample"] = RESAMPLES[number]
    return Image(**how)


def _channels(values: Any) -> tuple[float, ...]:
    return tuple(map(float, values)) if isinstance(values, list) else () if values is None else (float(values),)


def _resizing(said: Mapping[str, Any], shape: tuple[int, ...]) -> dict[str, Any]:
    """How a picture gets the tensor's size."""
    size, crop = said.get("size"), said.get("crop_size")
    for name, value in (("size", size), ("crop_size", crop)):
        if not _is_size(value):
            raise ValueError(f"{name} is {value!r}, not pixels")
    edge = size.get("shortest_edge") if isinstance(size, dict) else size if crop and said.get("do_center_crop") else None
    if isinstance(size, dict) and "longest_edge" in size:
        return {"resize": "contain", "place": "corner"}  # of a changing size; the rest is filled up and masked
    if isinstance(edge, int) and "crop_pct" in said:  # ConvNeXt cuts small pictures only
        return {"resize": "cover", "edge": int(edge / said["crop_pct"])} if edge < 384 else {}
    both = size.get("height") if isinstance(size, dict) and size.get("height") == size.get("width") else None
    if both and crop and said.get("do_center_crop"):
        return {"edge": both}
    if isinstance(edge, int) or said.get("do_center_crop"):
        height, width = (crop["height"], crop["width"]) if isinstance(crop, dict) else shape[-2:]
        if (height, width) == shape[-2:]:
            return {"resize": "cover", "edge": edge if isinstance(edge, int) else None}
    return {}


def _is_size(value: Any) -> bool:
    """Whether something is pixels of a side, of both in a list, or of sides by name; or nothing."""
    sides = value.values() if isinstance(value, dict) else value if isinstance(value, list) else [value]
    return all(side is None or (type(side) is int and side > 0) for side in sides)


# ------------------------------------------------------------------------------------------------------------------ outputs
def _output(folder: Folder, task: str, operand: Operand) -> Meaning | None:
    config = folder.config
    if operand.name == "logits" and task == "automatic-speech-recognition":
        return _characters(folder)
    if operand.name == "logits" and task.endswith(("-classification", "-segmentation", "-detection")):
        return _labels(config, task, operand)
    if operand.name == "pred_boxes":
        return Boxes(format="cxcywh", unit="relative")
    if operand.name == "predicted_depth":
        return Depth(inverse=config.get("model_type") not in METRIC)
    if operand.name in ("image_embeds", "text_embeds"):
        return Embedding(normalized=True)
    if operand.name == "pooler_output" and task == "image-feature-extraction":
        return Embedding()
    if operand.name == "last_hidden_state" and task == "sentence-similarity":
        return _sentence(folder)
    return None


def _labels(config: Mapping[str, Any], task: str, operand: Operand) -> Labels | Regression | None:
    by_id = config.get("id2label")
    if not isinstance(by_id, dict) or not by_id:
        return None
    names = tuple(str(by_id[str(number)]) for number in range(len(by_id)))
    problem = config.get("problem_type")
    if problem == "regression" and task.endswith("-classification"):
        return Regression(targets=tuple(Target(name=name) for name in names))
    several = problem == "multi_label_classification"
    if task == "object-detection":
        several = operand.shape[-1] == len(names)
        names = names if several else (*names, "")  # the last one says that there is nothing
    return Labels(names=names, several=several, axis=-3 if task == "image-segmentation" else -1)


def _characters(folder: Folder) -> Characters | None:
    """The characters of Wav2Vec2's tokenizer, whose padding is the blank, and whose words end with a mark."""
    vocabulary, said = folder.read("vocab.json"), folder.read("tokenizer_config.json")
    if not vocabulary or not all(type(number) is int for number in vocabulary.values()):
        return None
    word = said.get("word_delimiter_token", "|")
    by_number = {
        number: " " if text == word else "" if text.startswith("<") and text.endswith(">") else text for text, number in vocabulary.items()
    }
    if sorted(by_number) != list(range(len(by_number))):
        return None
    blank = folder.config.get("pad_token_id")
    strides = folder.config.get("conv_stride")
    if not isinstance(strides, list) or len(strides) > MOST_STRIDES or not all(type(stride) is int for stride in strides):
        strides = []
    hop = math.prod(strides)
    names = tuple(by_number[number] for number in range(len(by_number)))
    return Characters(names=names, blank=blank if type(blank) is int else 0, hop=hop if hop > 1 else None)


def _sentence(folder: Folder) -> Embedding | None:
    """How sentence-transformers makes one vector of a text: its modules are a model, pooling, and maybe a normalization."""
    modules = folder.document("modules.json")
    if not isinstance(modules, list):
        return None
    kinds = {str(module.get("type", "")).rpartition(".")[2]: module.get("path") for module in modules if isinstance(module, dict)}
    pooling = folder.read("1_Pooling/config.json")
    modes = [mode for member, mode in POOLINGS.items() if pooling.get(member) is True]
    if set(kinds) - {"Transformer", "Pooling", "Normalize"} or len(modes) != 1:
        return None
    mode: Any = modes[0]
    return Embedding(pooling=mode, normalized="Normalize" in kinds)
