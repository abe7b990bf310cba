"""What a model of transformers takes: example inputs of the sizes that its configuration says, or that are assumed."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import torch

from converters.described.folder import Folder
from webnn_graph.codes import Code
from webnn_graph.errors import ConversionError
from webnn_graph.names import nearest
from webnn_graph.ops.rules import check_shape

Axes: TypeAlias = tuple[int | str, ...]
"""A shape; sizes that the user may change have names."""
SEQUENCE, IMAGE, SAMPLES, FRAMES = 128, 224, 16_000, 128
"""Sizes that are assumed where a configuration says nothing: tokens, pixels, a second of sound, and frames of features."""


@dataclass(frozen=True)
class Size:
    """How long a named dimension is.

    Attributes:
        size: By default.
        why: Where that is from.
        most: The longest that the model takes; None when it does not say.
    """

    size: int
    why: str
    most: int | None = None


@dataclass
class Interface:
    """The inputs of a model.

    Attributes:
        shapes: Of each input, by name.
        sizes: Of the named dimensions.
        notes: What else is to be said.
    """

    shapes: dict[str, Axes] = field(default_factory=dict)
    sizes: dict[str, Size] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def add(self, name: str, axes: Axes, **sizes: Size) -> None:
        """Another input, and the dimensions that are new with it."""
        self.shapes[name] = axes
        self.sizes = {"batch": Size(1, "assumed"), **self.sizes, **sizes}


def is_configured(module: Any) -> bool:
    """Whether a module is a model of transformers, which has a configuration."""
    return hasattr(module, "main_input_name") and hasattr(getattr(module, "config", None), "to_dict")


def configured_inputs(
    model: Any,
    dims: Mapping[str, int],
    given: Mapping[str, torch.Tensor],
    folder: Path | None = None,
    like: Mapping[str, torch.Tensor] | None = None,
    assumed: Mapping[str, int] | None = None,
    encoder: bool = False,
) -> tuple[dict[str, torch.Tensor], list[str]]:
    """Example inputs of a model of transformers by name, and what is to be said of their sizes.

    Texts are random tokens, the last quarter of which a mask leaves out.

    Args:
        model: The model, see `is_configured`.
        dims: Sizes of dimensions: ``batch``, ``sequence``, ``decoder_sequence``, ``height``, ``width``, ``frames``, ``samples``.
        given: Inputs that are known, by name; their sizes count for the others.
        folder: Where the configuration of the model's processor is.
        like: Inputs of the names and shapes that are wanted, instead of those of the configuration.
        assumed: Sizes of dimensions where the model does not say how long they may be.
        encoder: Whether those of an encoder alone are wanted, with a picture, too, where its text has a token for each piece of that.

    Raises:
        ConversionError: It is not known what the model takes, or it has no such dimension or size.
    """
    found = _interface(model, processor_of(folder), encoder)
    for name in found.sizes.keys() & (assumed or {}).keys():
        if found.sizes[name].most is None and assumed:
            found.sizes[name] = Size(assumed[name], "assumed")
    if like is not None:
        made = _values(model, {name: tuple(tensor.shape) for name, tensor in like.items() if name in found.shapes})
        return {**like, **made}, []
    if not found.shapes:
        return {}, []
    sizes = {name: size.size for name, size in found.sizes.items()} | _sizes_in(found, given) | dict(dims)
    _check(found, dims, sizes)
    if "sequence" in dims and "decoder_sequence" in found.sizes and "decoder_sequence" not in dims:
        most = found.sizes["decoder_sequence"].most
        sizes["decoder_sequence"] = min(sizes["sequence"], most or sizes["sequence"])
    shapes = {name: tuple(sizes[axis] if isinstance(axis, str) else axis for axis in axes) for name, axes in found.shapes.items()}
    for name, shape in shapes.items():
        check_shape(f"input {name} has", shape)
    made = _values(model, shapes)
    inputs = made | {name: tensor.to(made[name].dtype) if name in made else tensor for name, tensor in given.items()}
    return inputs, [*_said(found, {**_sizes_in(found, given), **dims}, sizes), *found.notes]


def _check(found: Interface, dims: Mapping[str, int], sizes: Mapping[str, int]) -> None:
    unknown = next((name for name in dims if name not in found.sizes), None)
    if unknown is not None:
        there = ", ".join(f"{name} {list(axes)}" for name, axes in found.shapes.items())
        raise ConversionError(f"no input has a dimension {unknown}: {there}", nearest(unknown, found.sizes), code=Code.UNKNOWN_DIMENSION)
    for name, size in found.sizes.items():
        if size.most is not None and sizes[name] > size.most:
            raise ConversionError(f"{name} is at most {size.most}, not {sizes[name]}: {size.why}", code=Code.WRONG_SHAPE)


def _sizes_in(found: Interface, given: Mapping[str, torch.Tensor]) -> dict[str, int]:
    """The sizes of named dimensions in inputs that are given."""
    pairs = (
        (axis, size) for name, axes in found.shapes.items() if name in given for axis, size in zip(axes, given[name].shape, strict=False)
    )
    return {axis: size for axis, size in pairs if isinstance(axis, str)}


def _said(found: Interface, settled: Mapping[str, int], sizes: Mapping[str, int]) -> Iterator[str]:
    """What is to be said of sizes that nobody gave."""
    by_reason: dict[str, list[str]] = {}
    for name, size in found.sizes.items():
        if name not in settled:
            by_reason.setdefault(size.why, []).append(f"{name}={sizes[name]}")
    if by_reason:
        listed = "; ".join(f"{', '.join(names)} ({why})" for why, names in by_reason.items())
        free = [name for name in found.sizes if name not in settled]
        yield f"sizes that nobody gave: {listed}; --dim {free[-1]}=N gives another"


# ------------------------------------------------------------------------------------------------------------- what it takes
def _interface(model: Any, processor: Mapping[str, Any], encoder: bool) -> Interface:
    """What the model takes; nothing where that is not known."""
    found = Interface()
    config, parameters = model.config, inspect.signature(model.forward).parameters
    main = getattr(getattr(model, "encoder", None), "main_input_name", "") if model.main_input_name == "inputs" else model.main_input_name
    modalities = _modalities(model)
    if "pixel_values" in parameters and (main == "pixel_values" or "image" in modalities):
        if not encoder and main == "input_ids" and _member(config, "image_token_id", "image_token_index") is not None:
            found.notes.append("pixel_values is left out, it computes text only; --input gives the shapes of all inputs")
        else:
            _add_pixels(found, config, processor, is_video=main == "pixel_values" and "video" in modalities)
    if "input_ids" in parameters and (main == "input_ids" or ("text" in modalities and "image" in modalities)):
        _add_text(found, model, parameters)
    for name, add in (("input_values", _add_sound), ("input_features", _add_features), ("past_values", _add_series)):
        if name in parameters and (main == name or "audio" in modalities):
            add(found, config, processor)
    if not encoder and "decoder_input_ids" in parameters and _is_encoder_decoder(config):
        _add_decoder(found, model)
    order = {name: index for index, name in enumerate(parameters)}
    found.shapes = dict(sorted(found.shapes.items(), key=lambda item: order[item[0]]))
    return found


def _modalities(model: Any) -> Sequence[str]:
    said = getattr(model, "input_modalities", None) or ()
    return (said,) if isinstance(said, str) else tuple(said)


def _is_encoder_decoder(config: Any) -> bool:
    return bool(getattr(config, "is_encoder_decoder", False))


def _add_text(found: Interface, model: Any, parameters: Mapping[str, Any]) -> None:
    size = _tokens(_text_config(model.config, decoder=False), _first_position(model))
    found.add("input_ids", ("batch", "sequence"), sequence=size)
    if "attention_mask" in parameters:
        found.add("attention_mask", ("batch", "sequence"))
    if "bbox" in parameters:
        found.add("bbox", ("batch", "sequence", 4))


def _add_decoder(found: Interface, model: Any) -> None:
    size = _tokens(_text_config(model.config, decoder=True), _first_position(model))
    found.add("decoder_input_ids", ("batch", "decoder_sequence"), decoder_sequence=size)


def _tokens(config: Any, first: int = 0) -> Size:
    """How many tokens a model takes, the first of which has this position."""
    most = _number(config, "max_position_embeddings", "max_target_positions", "n_positions", "max_source_positions", "seq_length")
    if not most or getattr(config, "relative_attention_num_buckets", None):
        return Size(SEQUENCE, "assumed")
    most -= first
    return Size(most, "as config.json says", most) if most < SEQUENCE else Size(SEQUENCE, "assumed", most)


def _first_position(model: torch.nn.Module) -> int:
    """The position of the first token: behind that of padding, for models that count like RoBERTa."""
    for name, module in model.named_modules():
        if name.endswith(("position_embeddings", "embed_positions")) and getattr(module, "padding_idx", None) is not None:
            return int(module.padding_idx) + 1
    return 0


def _text_config(config: Any, *, decoder: bool) -> Any:
    """The part of a configuration that is about text."""
    part = getattr(config, "decoder" if decoder else "encoder", None)
    if hasattr(part, "to_dict"):
        return part
    found = config.get_text_config(decoder=decoder) if hasattr(config, "get_text_config") else config
    return getattr(found, "text_config", None) or found


def _add_pixels(found: Interface, config: Any, processor: Mapping[str, Any], *, is_video: bool) -> None:
    height, width = _image_size(config, processor)
    channels = _number(config, "num_channels", "in_channels", "in_chans", "num_input_channels") or 3
    shape: Axes = ("batch", channels, "height", "width")
    if is_video:
        frames = _number(config, "num_frames", "frames_per_clip")
        found.add(
            "pixel_values", ("batch", "frames", *shape[1:]), frames=Size(frames or 16, "as config.json says" if frames else "assumed")
        )
    found.add("pixel_values", found.shapes.get("pixel_values", shape), height=height, width=width)


def _image_size(config: Any, processor: Mapping[str, Any]) -> tuple[Size, Size]:
    """Height and width of a picture: of the configuration, of the processor's, or assumed."""
    of_model = _pair(_member(config, "image_size", "input_size", "img_size"))
    if of_model:
        return Size(of_model[0], "as config.json says"), Size(of_model[1], "as config.json says")
    crop = processor.get("crop_size") if processor.get("do_center_crop", "crop_size" in processor) else None
    of_processor = _pair(crop) or _pair(processor.get("size"))
    if of_processor:
        return Size(of_processor[0], "as the processor's file says"), Size(of_processor[1], "as the processor's file says")
    return Size(IMAGE, "assumed"), Size(IMAGE, "assumed")


def _pair(said: Any) -> tuple[int, int] | None:
    """A height and a width of what a configuration says in any form."""
    if isinstance(said, Mapping):
        edge = said.get("shortest_edge") or said.get("longest_edge")
        said = [said.get("height", edge), said.get("width", edge)]
    if isinstance(said, int):
        said = [said, said]
    is_pair = isinstance(said, list | tuple) and len(said) == 2 and all(isinstance(size, int) and 0 < size < 2**16 for size in said)
    return (said[0], said[1]) if is_pair else None


def _add_sound(found: Interface, config: Any, processor: Mapping[str, Any]) -> None:
    bins, length = _number(config, "num_mel_bins"), _number(config, "max_length")
    if bins and length:
        found.add("input_values", ("batch", "frames", bins), frames=Size(length, "as config.json says"))
        return
    rate = _number(processor, "sampling_rate")
    size = Size(rate, "a second, as the processor's file says") if rate else Size(SAMPLES, "assumed")
    channels: Axes = (_number(config, "audio_channels") or 1,) if _number(config, "audio_channels") else ()
    found.add("input_values", ("batch", *channels, "samples"), samples=size)


def _add_features(found: Interface, config: Any, processor: Mapping[str, Any]) -> None:
    bins, positions = _number(config, "num_mel_bins"), _number(config, "max_source_positions")
    width = _number(config, "feature_projection_input_dim", "input_feat_per_channel")
    if width:
        found.add("input_features", ("batch", "frames", width), frames=Size(FRAMES, "assumed"))
    elif bins and positions:
        found.add("input_features", ("batch", bins, "frames"), frames=Size(2 * positions, "as config.json says", 2 * positions))
    elif bins and (spectrum := _number(config, "spec_size")):
        found.add("input_features", ("batch", 1, "frames", bins), frames=Size(spectrum * spectrum // bins, "as config.json says"))
    elif bins:
        found.add("input_features", ("batch", "frames", bins), frames=Size(FRAMES, "assumed"))


def _add_series(found: Interface, config: Any, processor: Mapping[str, Any]) -> None:
    length, channels = _number(config, "context_length"), _number(config, "num_input_channels")
    if length and channels:
        found.add("past_values", ("batch", length, channels))


def _number(config: Any, *names: str) -> int | None:
    found = _member(config, *names)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 < found < 2**31 else None


def _member(config: Any, *names: str) -> Any:
    """The first of these members that a configuration has, or one of those in it."""
    if isinstance(config, Mapping):
        return next((config[name] for name in names if config.get(name) is not None), None)
    for name in names:
        if getattr(config, name, None) is not None:
            return getattr(config, name)
    parts = [part for part in vars(config).values() if hasattr(part, "to_dict")]
    return next((found for part in parts if (found := _member(part, *names)) is not None), None)


def processor_of(folder: Path | None) -> dict[str, Any]:
    """What the files about a processor say; those of parts of it on one level."""
    return Folder(folder).processor if folder else {}


# ------------------------------------------------------------------------------------------------------------------- values
def _values(model: Any, shapes: Mapping[str, tuple[int, ...]]) -> dict[str, torch.Tensor]:
    """Made-up values, the same in every run."""
    random = torch.Generator().manual_seed(0)
    dtype = model.dtype if getattr(model, "dtype", None) in (torch.float16, torch.bfloat16, torch.float64) else torch.float32
    inputs: dict[str, torch.Tensor] = {}
    for name, shape in shapes.items():
        if name in ("input_ids", "decoder_input_ids"):
            config = _text_config(model.config, decoder=name != "input_ids")
            most = _embedded(model) if name == "input_ids" else 2**31
            inputs[name] = _ids(config, shape, min(_number(config, "vocab_size") or 2, most), random)
        elif name == "attention_mask":
            inputs[name] = _mask(shape)
        elif name == "bbox":
            inputs[name] = torch.tensor([1, 2, 30, 40]).expand(shape).contiguous()
        else:
            inputs[name] = torch.randn(shape, generator=random).to(dtype)
    return inputs


def _mask(shape: Sequence[int]) -> torch.Tensor:
    mask = torch.ones(*shape, dtype=torch.int64)
    mask[:, shape[1] - shape[1] // 4 :] = 0
    return mask


def _embedded(model: Any) -> int:
    """How many tokens the model has, which a configuration may tell of another part of it."""
    try:
        return int(model.get_input_embeddings().num_embeddings)
    except (AttributeError, NotImplementedError):
        return 2**31


def _ids(config: Any, shape: Sequence[int], size: int, random: torch.Generator) -> torch.Tensor:
    """Ordinary tokens of so many; the last that the mask lets through ends the text, those behind it are padding."""
    special = {name: token for name in ("pad", "bos", "eos") if isinstance(token := getattr(config, f"{name}_token_id", None), int)}
    ordinary = [token for token in range(min(size, 1000)) if token not in special.values()] or [0]
    ids = torch.tensor(ordinary)[torch.randint(len(ordinary), tuple(shape), generator=random)]
    end = shape[1] - shape[1] // 4
    if 0 <= special.get("pad", -1) < size:
        ids[:, end:] = special["pad"]
    if 0 <= special.get("eos", -1) < size:
        ids[:, end - 1] = special["eos"]
    return ids
