"""Models of the transformers library, from a local folder. The network is never used, and code in the folder never run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from webnn_graph.errors import ConversionError, FormatError

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


def load_folder(path: Path, task: str = "") -> torch.nn.Module:
    """The model in a folder with config.json and weights as safetensors, in evaluation mode and without a cache.

    Raises:
        ConversionError: transformers is not installed, or there is no such task.
        FormatError: The folder does not hold such a model.
    """
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
        raise FormatError(f"{path} cannot be loaded by transformers {transformers.__version__}: {str(error).splitlines()[0]}") from None
    if getattr(model.config, "use_cache", False):
        model.config.use_cache = False
    return model.eval()
