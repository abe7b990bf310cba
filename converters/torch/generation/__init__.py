"""Models that generate, with states that a graph takes and gives."""

from converters.torch.generation.decoder import DECODE, PREFILL, TOP, Lengths, convert_decoder
from converters.torch.generation.encoder_decoder import ENCODE, convert_encoder_decoder
from converters.torch.generation.model import GenerativeModel

__all__ = ["DECODE", "ENCODE", "PREFILL", "TOP", "GenerativeModel", "Lengths", "convert_decoder", "convert_encoder_decoder"]
