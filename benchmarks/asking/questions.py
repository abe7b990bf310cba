"""What pages are asked about: a picture as telephones take it, a sound, a text and another file, all made up."""

from __future__ import annotations

import base64
import io
import mimetypes
import wave

import numpy as np
import PIL.Image

SIZE = 1280, 960
"""Width and height of the picture."""
SECONDS, RATE = 3, 44_100


def picture() -> tuple[str, bytes]:
    """A name and a JPEG file: blots, as a photograph has more of them than of noise."""
    coarse = np.random.default_rng(0).integers(0, 256, (12, 16, 3), np.uint8)
    file = io.BytesIO()
    PIL.Image.fromarray(coarse).resize(SIZE, PIL.Image.Resampling.BICUBIC).save(file, "JPEG", quality=90)
    return "picture.jpg", file.getvalue()


def sound() -> tuple[str, bytes]:
    """A name and a WAV file: a tone that rises, in stereo."""
    time = np.arange(SECONDS * RATE) / RATE
    tone = 8000 * np.sin(2 * np.pi * (200 + 300 * time) * time)
    file = io.BytesIO()
    with wave.open(file, "wb") as written:
        written.setnchannels(2)
        written.setsampwidth(2)
        written.setframerate(RATE)
        written.writeframes(np.stack([tone, tone], 1).astype("<i2").tobytes())
    return "sound.wav", file.getvalue()


def document() -> tuple[str, bytes]:
    """A name and an HTML file: the text again and again."""
    lines = ["<!doctype html>", "<title>A fox</title>", *[f"<p>{TEXT}</p>"] * REPEATED]
    return "page.html", "\n".join(lines).encode()


REPEATED = 100
"""How often the file says the text."""
TEXT = "The quick brown fox jumps over the lazy dog, who lies in the sun and does not mind: it is far too hot for a hunt."
FILES = {"image": picture, "audio": sound, "file": document}


def question(takes: str) -> dict[str, str]:
    """What *ask.js* asks about, by what a model takes: a text, or a file's name, media type and content."""
    if takes == "text":
        return {"text": TEXT}
    name, content = FILES[takes]()
    return {"name": name, "type": mimetypes.guess_type(name)[0] or "", "base64": base64.b64encode(content).decode()}
