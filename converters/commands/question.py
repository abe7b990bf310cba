"""What ``webnn run`` is asked about, as its options say it: imported by all of its runs, also those that ask nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Source:
    """What a graph is asked about.

    Attributes:
        image: A picture's file.
        audio: A sound's.
        text: A text.
        content: A file of any kind.
        truncate: Whether a text beyond the model's length is cut.
        file: The graph's, beside which its tokenizer is.
    """

    image: Path | None = None
    audio: Path | None = None
    text: str | None = None
    content: Path | None = None
    truncate: bool = False
    file: Path = Path()

    def __bool__(self) -> bool:
        return any((self.image, self.audio, self.content)) or self.text is not None

    @property
    def is_sound(self) -> bool:
        """Whether it is a sound alone."""
        return bool(self.audio) and not (self.image or self.content) and self.text is None

    @property
    def option(self) -> str:
        """What the command calls it."""
        return "--image" if self.image else "--audio" if self.audio else "--file" if self.content else "--text"


@dataclass(frozen=True)
class Question:
    """What a graph is asked about, and what of its answer is shown: the `asking_options`.

    Attributes:
        source: What it is asked about.
        top: How many labels are shown.
        threshold: What an object or speech must score; None for what the graph says, or `THRESHOLD`.
        soft: Whether objects that overlap score less, and are not left out at once.
        recognizer: The file of a graph that reads the lines of text that are found; None for none.
        picture: Where the picture goes with what is found in it; None for nowhere.
    """

    source: Source
    top: int
    threshold: float | None
    soft: bool
    recognizer: Path | None
    picture: Path | None
