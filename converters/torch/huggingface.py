"""Models of the transformers library, from a local folder.

The network is never used, code in the folder never run, and no file outside of it read.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from webnn_graph.errors import ConversionError, FormatError, reason

HEADS = {
    "": "AutoModel",
    "audio-classification": "AutoModelForAudioClassification",
    "automatic-speech-recognition": "AutoModelForCTC",
    "depth-estimation": "AutoModelForDepthEstimation",
    "feature-extraction": "AutoModel",
    "fill-mask": "AutoModelForMaskedLM",
    "image-classification": "AutoModelForImageClassification",
    "image-segmentation": "AutoModelForSemanticSegmentation",
    "object-detection": "AutoModelForObjectDetection",
    "question-answering": "AutoModelForQuestionAnswering",
    "text-classification": "AutoModelForSequenceClassification",
    "text-generation": "AutoModelForCausalLM",
    "text2text-generation": "AutoModelForSeq2SeqLM",
    "token-classification": "AutoModelForTokenClassification",
}
"""The class that gives a model the head of a task, by the library's own names of the tasks."""


ATTENTIONS = ("eager", "sdpa", "flex_attention", "flash_attention_2", "flash_attention_3", "batched_mm", "grouped_mm")
"""Implementations of attention and of experts that the library itself brings; other names are those of repositories with code."""


def load_folder(path: Path, task: str = "") -> torch.nn.Module:
    """The model in a folder with config.json and weights as safetensors, in evaluation mode and without a cache.

    Raises:
        ConversionError: transformers is not installed, there is no such task, or the folder refers to something outside of it.
        FormatError: The folder does not hold such a model.
    """
    check_folder(path)
    _stay_offline()
    try:
        import transformers
    except ImportError:
        raise ConversionError(f"{path} is a Hugging Face model, and transformers is not installed", "pip install transformers") from None
    if task not in HEADS:
        raise ConversionError(f"there is no task {task!r}; there are {', '.join(name for name in HEADS if name)}")
    transformers.utils.logging.disable_progress_bar()
    options: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False, "use_safetensors": True}
    try:
        model = getattr(transformers, HEADS[task]).from_pretrained(str(path), **options)
    except Exception as error:  # the library has no common exception for it
        raise FormatError(
            f"{path} cannot be loaded by transformers {transformers.__version__}: {type(error).__name__}: {reason(error)}",
            "nothing is downloaded: everything that the model needs must be in its folder",
        ) from None
    if getattr(model.config, "use_cache", False):
        model.config.use_cache = False
    return model.eval()


def _stay_offline() -> None:
    """The libraries read the variable when they are imported; one that is there already is told."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    constants = sys.modules.get("huggingface_hub.constants")
    if constants is not None:
        constants.HF_HUB_OFFLINE = True  # type: ignore[attr-defined]


def check_folder(path: Path) -> None:
    """Raises `ConversionError` when what is in a folder is a link, or refers to a file, outside of it."""
    folder = path.resolve()
    # A snapshot in the library's own cache is a folder of links into its neighbour "blobs".
    blobs = folder.parent.parent / "blobs" if folder.parent.name == "snapshots" else folder
    for file in path.rglob("*"):
        target = file.resolve()
        if not target.is_relative_to(folder) and not target.is_relative_to(blobs):
            raise ConversionError(f"{file} is a link out of the model's folder, to {target}", "copy the file into the folder")
        if not target.is_file() and not target.is_dir():
            raise ConversionError(f"{file} is neither a file nor a folder", "remove it")
    for index in path.rglob("*.index.json"):
        for shard in sorted(set(map(str, _members(_json(index), "weight_map").values()))):
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


def _members(document: Any, name: str) -> dict[str, Any]:
    members = document.get(name) if isinstance(document, dict) else None
    return members if isinstance(members, dict) else {}


def _entries(document: Any) -> Iterator[tuple[str, Any]]:
    """The members of a document's objects, nested ones included."""
    if isinstance(document, dict):
        yield from document.items()
    for item in document.values() if isinstance(document, dict) else document if isinstance(document, list) else ():
        yield from _entries(item)
