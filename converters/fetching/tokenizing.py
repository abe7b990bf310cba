"""What pages make tokens of texts with: a package of npm in one version, as modules import it by its name."""

from __future__ import annotations

from converters.fetching.files import Files, fetched
from webnn_graph.errors import WebNNError
from webnn_graph.generation.text import ENTRY, LIBRARY

((NAME, VERSIONS),) = LIBRARY.items()
PACKAGE = f"{NAME}@{VERSIONS.removeprefix('^')}"
FILES = Files(
    f"npm:{PACKAGE}",
    {
        "tokenizers.js": (f"package/{ENTRY}", "258e46332101335ce8d95aed7745b19ac3b46d37f3e159a89cf894c2ea9b1d3a"),
        "LICENSE": ("package/LICENSE", "c71d239df91726fc519c6eb72d318ec65820627232b2f796219e87dcf35d0ab4"),
    },
)
"""Its only module, and its license."""


def tokenizing() -> list[bytes]:
    """The contents of these files, which are fetched once.

    Raises:
        WebNNError: They cannot be fetched, or kept.
    """
    try:
        return [path.read_bytes() for path in fetched(FILES)]
    except OSError as error:
        raise WebNNError(f"{PACKAGE} cannot be kept: {error.strerror or error}", "WEBNN_CACHE names a folder for what is fetched") from None
