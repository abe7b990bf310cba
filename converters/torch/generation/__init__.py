"""Language models that generate, with states that a graph takes and gives."""

from converters.torch.generation.decoder import DECODE, PREFILL, TOP, Lengths, convert_decoder
from converters.torch.generation.model import DecoderModel

__all__ = ["DECODE", "PREFILL", "TOP", "DecoderModel", "Lengths", "convert_decoder"]
