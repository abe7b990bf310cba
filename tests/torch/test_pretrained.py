"""Hugging Face folders: the class, and weights that are missing, of another shape, too many, or called otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import pytest
import torch
from click.testing import CliRunner, Result
from safetensors.torch import load_file, save_file

import cli
from tests.torch.architectures import build, names, quietly

transformers = pytest.importorskip("transformers", reason="transformers is not installed")

from converters.torch import convert  # noqa: E402
from converters.torch.huggingface import load_folder  # noqa: E402
from converters.torch.inputs import InputSpec  # noqa: E402
from converters.torch.model import TorchModel  # noqa: E402
from webnn_graph.errors import ConversionError, FormatError  # noqa: E402
from webnn_graph.runtimes import reference  # noqa: E402

State: TypeAlias = dict[str, torch.Tensor]
BERT = {"hidden_size": 8, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 8, "vocab_size": 10}
LLAMA = {**BERT, "num_key_value_heads": 2, "max_position_embeddings": 32}
IDS = "input_ids:int64[1,4]"


def saved(path: Path, family: str, config: dict[str, Any]) -> Any:
    """A tiny model of this class, which is saved to the folder."""
    torch.manual_seed(0)
    chosen = getattr(transformers, family)
    model = chosen(chosen.config_class(**config)).eval()
    model.save_pretrained(path)
    return model


def rewrite(path: Path, change: Callable[[State], State]) -> None:
    """Changes the folder's weights."""
    save_file(change(load_file(path / "model.safetensors")), path / "model.safetensors", metadata={"format": "pt"})


def without(*parts: str) -> Callable[[State], State]:
    return lambda state: {name: tensor for name, tensor in state.items() if not any(part in name for part in parts)}


def configure(path: Path, **members: Any) -> None:
    config = path / "config.json"
    config.write_text(json.dumps(json.loads(config.read_text()) | members))


def model_of(path: Path, **options: Any) -> TorchModel:
    return TorchModel(path, inputs=[InputSpec.parse(IDS)], **options)


def outputs_of(model: TorchModel) -> list[np.ndarray]:
    return list(reference.run(model.convert(), {"input_ids": np.array([[1, 2, 3, 4]])}).values())


def right(module: Any) -> torch.Tensor:
    with torch.no_grad():
        return module(torch.tensor([[1, 2, 3, 4]]))[0]


# ------------------------------------------------------------------------------------------------------------------ honest
OTHERWISE = {"marian", "chinese_clip", "bark_semantic", "bark_fine"}
"""Of which transformers itself loads something else than it saved: positions, the row of padding; or cannot load the part alone."""


@pytest.mark.parametrize("name", sorted(set(names()) - OTHERWISE)[::6])
def test_architectures_load_as_they_were_saved(name: str, tmp_path: Path) -> None:
    def load() -> Any:
        module, _ = build(name)
        model = getattr(module, "__self__", module)
        if not isinstance(model, transformers.PreTrainedModel):
            pytest.skip("the architecture is a part of a model")
        model.save_pretrained(tmp_path)
        return model, load_folder(tmp_path)

    model, loaded = quietly(load)
    assert type(loaded.module) is type(model)
    assert (loaded.unset, loaded.notes) == ({}, [f"the model is a {type(model).__name__}, as config.json says"])
    state = loaded.module.state_dict()
    assert [key for key, tensor in model.state_dict().items() if not torch.equal(tensor, state[key])] == []


def gamma(state: State) -> State:
    return {key.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): t for key, t in state.items()}


def with_prefix(state: State) -> State:
    return {f"bert.{key}": tensor for key, tensor in state.items()}


def with_positions(state: State) -> State:
    return {**state, "embeddings.position_ids": torch.arange(512)[None]}


@pytest.mark.parametrize("change", [gamma, with_prefix, with_positions])
def test_names_that_the_library_knows_by_others(change: Callable[[State], State], tmp_path: Path) -> None:
    module = saved(tmp_path, "BertModel", BERT)
    rewrite(tmp_path, change)
    model = model_of(tmp_path)
    np.testing.assert_allclose(outputs_of(model)[0], right(module), rtol=1e-4, atol=1e-5)
    assert list(model.convert().notes) == ["the model is a BertModel, as config.json says"]


def test_a_tied_head_needs_no_weight_of_its_own(tmp_path: Path) -> None:
    module = saved(tmp_path, "LlamaForCausalLM", {**LLAMA, "tie_word_embeddings": True})
    assert "lm_head.weight" not in load_file(tmp_path / "model.safetensors")
    np.testing.assert_allclose(outputs_of(model_of(tmp_path))[0], right(module), rtol=1e-4, atol=1e-5)


def test_a_head_without_its_tied_embedding_is_fine(tmp_path: Path) -> None:
    module = saved(tmp_path, "LlamaForCausalLM", {**LLAMA, "tie_word_embeddings": True})
    rewrite(tmp_path, lambda s: {k.replace("model.embed_tokens", "lm_head"): t for k, t in s.items()})
    np.testing.assert_allclose(outputs_of(model_of(tmp_path))[0], right(module), rtol=1e-4, atol=1e-5)


# --------------------------------------------------------------------------------------------------------- missing weights
def test_names_that_do_not_match(tmp_path: Path) -> None:
    saved(tmp_path, "BertModel", BERT)
    rewrite(tmp_path, lambda state: {f"foo.{key}": tensor for key, tensor in state.items()})
    with pytest.raises(ConversionError, match=r"weights that the outputs need are not in .*: embeddings\.\S+, .* and 19 more\n") as raised:
        model_of(tmp_path).convert()
    assert raised.value.hint == "the names of the folder's weights begin with 'foo.'; save them without it"


@pytest.mark.parametrize(
    ("family", "config", "lost", "named"),
    [
        ("BertModel", BERT, "pooler.dense.bias", "pooler.dense.bias"),
        ("BertModel", BERT, "encoder.layer.0.output", "encoder.layer.0.output.dense.weight"),
        ("LlamaForCausalLM", LLAMA, "lm_head", "lm_head.weight"),
        ("LlamaForCausalLM", {**LLAMA, "tie_word_embeddings": True}, "embed_tokens", "embed_tokens.weight"),
        ("LlamaForCausalLM", LLAMA, "norm", "norm.weight"),  # it would be ones, which no second conversion shows
    ],
)
def test_what_is_missing_is_named(family: str, config: dict[str, Any], lost: str, named: str, tmp_path: Path) -> None:
    saved(tmp_path, family, config)
    rewrite(tmp_path, without(lost))
    with pytest.raises(ConversionError, match="weights that the outputs need are not in") as raised:
        model_of(tmp_path).convert()
    assert all(name in str(raised.value) for name in named.split(", "))
    assert "the folder is not complete" in raised.value.hint


def test_another_shape_is_named_with_both(tmp_path: Path) -> None:
    saved(tmp_path, "BertModel", BERT)
    configure(tmp_path, vocab_size=12)
    with pytest.raises(ConversionError, match=r"embeddings\.word_embeddings\.weight \(\[12, 8\], there it is \[10, 8\]\)\n"):
        model_of(tmp_path).convert()


@pytest.mark.parametrize("lost", [without("pooler"), without("encoder", "pooler")], ids=["pooler", "all but the embeddings"])
def test_what_no_output_needs_may_be_missing(lost: Callable[[State], State], tmp_path: Path) -> None:
    module = saved(tmp_path, "BertModel", BERT)
    rewrite(tmp_path, lost)
    graph = outputs_of(model_of(tmp_path, submodule="embeddings"))
    with torch.no_grad():
        np.testing.assert_allclose(graph[0], module.embeddings(torch.tensor([[1, 2, 3, 4]])), rtol=1e-4, atol=1e-5)


def test_what_is_not_used_is_a_note(tmp_path: Path) -> None:
    saved(tmp_path, "BertModel", BERT)
    rewrite(tmp_path, lambda state: {**state, **{f"head.{i}": torch.ones(2) for i in range(6)}})
    notes = model_of(tmp_path).convert().notes
    assert "BertModel does not use 6 of the folder's weights: head.0, head.1, head.2, head.3 and 2 more" in notes


# --------------------------------------------------------------------------------------------------------------- the class
def test_the_class_is_the_one_that_the_folder_names(tmp_path: Path) -> None:
    module = saved(tmp_path, "BertForSequenceClassification", {**BERT, "num_labels": 3})
    model = model_of(tmp_path)
    (logits,) = outputs_of(model)
    np.testing.assert_allclose(logits, right(module), rtol=1e-4, atol=1e-5)
    graph = convert(tmp_path, {"input_ids": np.array([[1, 2, 3, 4]])})
    assert "the model is a BertForSequenceClassification, as config.json says" in graph.notes
    np.testing.assert_array_equal(graph([[1, 2, 3, 4]])["logits"], logits)


def test_a_task_that_fits_is_fine(tmp_path: Path) -> None:
    module = saved(tmp_path, "BertForMaskedLM", BERT)
    model = model_of(tmp_path, task="fill-mask")
    np.testing.assert_allclose(outputs_of(model)[0], right(module), rtol=1e-4, atol=1e-5)
    assert "the model is a BertForMaskedLM, for --task fill-mask" in model.convert().notes


def test_a_task_that_adds_a_random_head_is_refused(tmp_path: Path) -> None:
    saved(tmp_path, "BertForMaskedLM", BERT)
    with pytest.raises(ConversionError, match=r"weights that the outputs need are not in .*, classifier\.") as raised:
        model_of(tmp_path, task="text-classification").convert()
    assert raised.value.hint == "the folder holds a BertForMaskedLM, and what --task text-classification adds to it would be random"


def test_features_of_a_model_with_another_head(tmp_path: Path) -> None:
    module = saved(tmp_path, "BertForMaskedLM", BERT)
    model = model_of(tmp_path, task="feature-extraction")
    (hidden,) = outputs_of(model)
    np.testing.assert_allclose(hidden, right(module.bert), rtol=1e-4, atol=1e-5)
    assert "it has no pooling layer, for which the folder has no weights" in model.convert().notes


def test_a_model_that_was_made_without_its_pooling_layer(tmp_path: Path) -> None:
    saved(tmp_path, "BertModel", BERT)
    rewrite(tmp_path, without("pooler"))
    model = model_of(tmp_path)
    assert [operand.name for operand in model.convert().outputs] == ["last_hidden_state"]
    assert "it has no pooling layer, for which the folder has no weights" in model.convert().notes


@pytest.mark.parametrize("named", ["OwnModel", "BertConfig", "pipeline", "torch", "os.path", "AutoModel", 7, {"a": 1}])
def test_a_class_that_is_no_model_of_the_library(named: Any, tmp_path: Path) -> None:
    saved(tmp_path, "BertModel", BERT)
    configure(tmp_path, architectures=[named])
    with pytest.raises(ConversionError, match="which is no model of transformers") as raised:
        model_of(tmp_path).convert()
    assert "--task" in raised.value.hint


@pytest.mark.parametrize("architectures", [None, [], "BertForMaskedLM"])
def test_without_a_class_it_is_the_library_s_plain_one(architectures: Any, tmp_path: Path) -> None:
    saved(tmp_path, "BertModel", BERT)
    configure(tmp_path, architectures=architectures)
    assert "the model is a BertModel, since config.json names no class" in model_of(tmp_path).convert().notes


def test_a_model_type_of_its_own_is_refused_whatever_the_class(tmp_path: Path) -> None:
    saved(tmp_path, "BertModel", BERT)
    configure(tmp_path, model_type="own")
    with pytest.raises(FormatError, match="cannot be loaded by transformers"):
        model_of(tmp_path).convert()


# ------------------------------------------------------------------------------------------------------------- the command
def torch2webnn(*arguments: Any) -> Result:
    return CliRunner().invoke(cli.torch2webnn, list(map(str, arguments)))


def test_a_decoder_without_its_head_is_refused(tmp_path: Path) -> None:
    saved(tmp_path / "m", "LlamaForCausalLM", LLAMA)
    rewrite(tmp_path / "m", without("lm_head"))
    result = torch2webnn(tmp_path / "m", "--decoder", "4,16", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "lm_head.weight" in result.output
    assert not (tmp_path / "out").exists()
