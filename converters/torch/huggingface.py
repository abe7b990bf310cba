"""Models of the transformers library, from a local folder.

The network is never used, code in the folder never run, and no file outside of it read.
"""

from __future__ import annotations

import inspect
import json
import os
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from converters.described.folder import is_own
from converters.described.huggingface import TASKS
from converters.problems import listed
from converters.torch.pretrained import Loaded
from webnn_graph.errors import ConversionError, FormatError, WebNNError, reason

HEADS = {
    "": "AutoModel",  # for folders whose config.json names no class
    "feature-extraction": "AutoModel",
    **{task: f"AutoModel{end}" for end, task in TASKS.items()},
    "text-generation": "AutoModelForCausalLM",
    "text2text-generation": "AutoModelForSeq2SeqLM",
}
"""The class that gives a model the head of a task, by the library's own names of the tasks."""


ATTENTIONS = ("eager", "sdpa", "flex_attention", "flash_attention_2", "flash_attention_3", "batched_mm", "grouped_mm")
"""Implementations of attention and of experts that the library itself brings; other names are those of repositories with code."""


def load_folder(path: Path, task: str = "") -> Loaded:
    """The model in a folder with config.json and weights as safetensors, in evaluation mode and without a cache.

    Args:
        path: The folder.
        task: Which head the model gets, see `HEADS`; by default it is of the class that config.json names.

    Raises:
        ConversionError: transformers is not installed, there is no such task or class, or the folder refers to something
            outside of it.
        FormatError: The folder does not hold such a model.
    """
    check_folder(path)
    _stay_offline()
    try:
        import transformers
    except ImportError:
        raise ConversionError(f"{path} is a Hugging Face model, and transformers is not installed", "pip install transformers") from None
    if task not in HEADS:
        raise ConversionError(f"there is no task {task!r}; there are {', '.join(sorted(filter(None, HEADS)))}")
    transformers.utils.logging.disable_progress_bar()
    config = _json(path / "config.json")
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        if "model_type" in _members(config):
            known = transformers.AutoConfig.from_pretrained(str(path), **options)  # refuses what only code in the folder defines
            if task and type(known) not in getattr(transformers, HEADS[task])._model_mapping:
                raise ConversionError(
                    f"{path} is a {known.model_type} model, and transformers has none of these for {task}",
                    f"the folder holds a {_named(config)}" if _named(config) else "",
                )
        family = _named_class(path, config) if not task and _named(config) else getattr(transformers, HEADS[task])
        options |= {"use_safetensors": True, "output_loading_info": True, "ignore_mismatched_sizes": True}
        model, info = family.from_pretrained(str(path), **options)
        if pooling_absent := _lacks_pooling_only(model, info["missing_keys"]):
            model, info = family.from_pretrained(str(path), add_pooling_layer=False, **options)
    except WebNNError:
        raise
    except Exception as error:  # the library has no common exception for it
        raise FormatError(
            f"{path} cannot be loaded by transformers {transformers.__version__}: {type(error).__name__}: {reason(error)}",
            "nothing is downloaded: everything that the model needs must be in its folder",
        ) from None
    for module in model.modules():  # decoders have copies of the configuration
        if hasattr(module, "config"):
            _without_cache(module.config)
    loaded = _loaded(path, config, task, model.eval(), info)
    if pooling_absent:
        return replace(loaded, notes=[*loaded.notes, "it has no pooling layer, for which the folder has no weights"])
    return loaded


def has_encoder(path: Path) -> bool:
    """Whether the model in a folder has an encoder, and a decoder that generates; what is wrong with the folder is said by `load_folder`.

    Raises:
        ConversionError: The folder refers to something outside of it.
        FormatError: It has no configuration.
    """
    check_folder(path)
    _stay_offline()
    try:
        import transformers

        config = transformers.AutoConfig.from_pretrained(str(path), local_files_only=True, trust_remote_code=False)
    except Exception:  # the library has no common exception for it
        return False
    return bool(getattr(config, "is_encoder_decoder", False)) or config.model_type == "blip"


def _without_cache(config: Any) -> None:
    """Has a model, and those in it, return no cache: torch.export knows no such object."""
    if getattr(config, "use_cache", False):
        config.use_cache = False
    for part in vars(config).values() if hasattr(config, "to_dict") else ():
        if hasattr(part, "to_dict"):
            _without_cache(part)


def _named(config: Any) -> Any:
    """What config.json says that the model's class is; empty when it says nothing."""
    names = _members(config).get("architectures")
    return names[0] if isinstance(names, list) and names else ""


def _named_class(path: Path, config: Any) -> Any:
    """The class of transformers that config.json names."""
    import transformers

    name = _named(config)
    found = getattr(transformers, name, None) if isinstance(name, str) and name.isidentifier() else None
    if not (isinstance(found, type) and issubclass(found, transformers.PreTrainedModel) and found.__module__.startswith("transformers.")):
        raise ConversionError(
            f"{path / 'config.json'} names the class {name!r}, which is no model of transformers {transformers.__version__}",
            "--task says which of the library's own it is, like --task text-classification",
        )
    return found


def _lacks_pooling_only(model: torch.nn.Module, missing: Collection[str]) -> bool:
    """Whether the folder is of a model that was made without its class's pooling layer, which config.json does not tell."""
    optional = "add_pooling_layer" in inspect.signature(type(model).__init__).parameters
    return optional and bool(missing) and set(missing) == {name for name in model.state_dict() if name.startswith("pooler.")}


def _loaded(path: Path, config: Any, task: str, model: torch.nn.Module, info: Mapping[str, Any]) -> Loaded:
    """The model with what the library says of its loading."""
    family = type(model).__name__
    named = _named(config)
    how = f"for --task {task}" if task else "as config.json says" if named else "since config.json names no class"
    notes = [f"the model is a {family}, {how}"]
    missing, unexpected = sorted(info["missing_keys"]), sorted(info["unexpected_keys"])
    if unexpected:
        notes.append(f"{family} does not use {len(unexpected)} of the folder's weights: {listed(unexpected, 4)}")
    weights = model.state_dict(keep_vars=True)
    unset = {name: weights[name] for name in missing}
    for name, there, wanted in sorted(info["mismatched_keys"]):
        unset[f"{name} ({list(wanted)}, there it is {list(there)})"] = weights[name]
    if task and named and family != named:
        hint = f"the folder holds a {named}, and what --task {task} adds to it would be random"
    else:
        hint = _prefix_hint(missing, unexpected) or "the folder is not complete, or config.json is not the one of its weights"
    return Loaded(model, str(path), notes, unset, hint)


def _prefix_hint(missing: Sequence[str], unexpected: Sequence[str]) -> str:
    """What to do when all that is missing is there by longer names."""
    prefixes = {name.removesuffix(missing[0]) for name in unexpected if missing and name.endswith(missing[0])}
    prefix = next((prefix for prefix in prefixes if {prefix + name for name in missing} <= set(unexpected)), "")
    return f"the names of the folder's weights begin with {prefix!r}; save them without it" if prefix else ""


def _stay_offline() -> None:
    """The libraries read the variable when they are imported; one that is there already is told."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:
        constants.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]


def check_folder(path: Path) -> None:
    """Raises `ConversionError` when what is in a folder is a link, or refers to a file, outside of it."""
    for file in path.rglob("*"):
        target = file.resolve()
        if not is_own(file, path):
            raise ConversionError(f"{file} is a link out of the model's folder, to {target}", "copy the file into the folder")
        if not target.is_file() and not target.is_dir():
            raise ConversionError(f"{file} is neither a file nor a folder", "remove it")
    for index in path.rglob("*.index.json"):
        for shard in sorted(set(map(str, _members(_members(_json(index)).get("weight_map")).values()))):
            if Path(shard).name != shard or not (index.parent / shard).is_file():
                raise ConversionError(f"{index} refers to {shard!r}, which is not in the model's folder", "shards stand beside their index")
    if (path / "adapter_config.json").exists():
        raise ConversionError(f"{path} is an adapter of another model", "merge it into the model (merge_and_unload) and save that")
    for key, value in _entries(_json(path / "config.json")):
        if key == "transformers_weights":
            raise ConversionError(f"{path / 'config.json'} names a file of weights", f"call the file model.safetensors and remove {key}")
        named = list(value.values()) if isinstance(value, dict) else [value]
        unknown = next((name for name in named if name is not None and name not in ATTENTIONS), None)
        if key.endswith(("attn_implementation", "experts_implementation")) and unknown is not None:
            raise ConversionError(f"{path / 'config.json'} wants the code of {unknown!r} for attention", f"remove {key} from it")


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise FormatError(f"{path} cannot be read as JSON", "the folder's files are damaged; copy or download them again") from None


def _members(document: Any) -> dict[str, Any]:
    return document if isinstance(document, dict) else {}


def _entries(document: Any) -> Iterator[tuple[str, Any]]:
    """The members of a document's objects, nested ones included."""
    if isinstance(document, dict):
        yield from document.items()
    for item in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from _entries(item)
