"""Pages that lead to pages: the models of a folder, and a module's folder without a page of its own."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path
from urllib.parse import quote

from webnn_graph.errors import WebNNError
from webnn_graph.formats.page import INSTALLED_TOKENIZERS, page_of
from webnn_graph.formats.table import LIBRARIES, TOKENIZING
from webnn_graph.generation.text import DATA
from webnn_graph.html import Page
from webnn_graph.serving import INDEX, Pages, file_of

PAGE = Page("gallery", ("common/theme.js", "gallery/app.js"), allows={"img-src": "data:"})
ABOUT = re.compile(r'<script id="about" type="application/json">(.*?)</script>', re.DOTALL)
"""What a page of a model says of it."""
INSTALLED = "node_modules"
"""A folder whose pages are others'."""
DEPTH, MOST = 3, 1000
"""How deep pages are looked for, and how many are listed."""
MOST_BYTES = 2**20
"""Of a page that is read."""
MODULE_SUFFIX, TASK_SUFFIX, TYPES_SUFFIX, FALLBACK_SUFFIX = ".js", ".task.js", ".d.ts", ".fallback.js"
DATA_SUFFIX = f".{DATA}"
DEFAULT = next(iter(LIBRARIES))
"""The fallback of a module that has one, unless it says more."""


@dataclass(frozen=True)
class Entry:
    """A model of a gallery.

    Attributes:
        name: What it is called.
        about: What it is for, in a line.
        license: What it is licensed under.
        href: Where its page is; empty where there is none.
        note: What else there is to say.
    """

    name: str
    about: str = ""
    license: str = ""
    href: str = ""
    note: str = ""


def gallery(title: str, entries: Sequence[Entry], problem: str = "") -> str:
    """The page that lists models; ``problem`` is what went wrong with one."""
    return PAGE.rendered({}, title=title, entries=entries, problem=problem)


def pages_of(folder: Path) -> Pages:
    """What is made for a folder that is served: a gallery of the pages in it, or pages of its modules, unless it has a page itself.

    Raises:
        WebNNError: It has none of these.
    """
    if (folder / INDEX).is_file():
        return lambda path: None
    entries = list(_entries(folder))
    if entries:
        return partial(_page, {"/": gallery(folder.resolve().name, entries)})
    modules = sorted(_modules(folder))
    if not modules:
        raise WebNNError(f"{folder} has no page and no module of a model", "--format page writes a folder with both")
    pages = {f"/{stem}.html": _page_of(folder / stem) for stem in modules}
    listed = [Entry(stem, href=f"./{quote(stem, safe='')}.html") for stem in modules]
    first = next(iter(pages.values())) if len(pages) == 1 else gallery(folder.resolve().name, listed)
    return partial(_page, {**pages, "/": first})


def _page(pages: Mapping[str, str], path: str) -> str | None:
    return pages.get(path)


def _page_of(module: Path) -> str:
    """The page of a module, whose path is without its suffix."""
    suffixes = (TASK_SUFFIX, FALLBACK_SUFFIX, DATA_SUFFIX, TOKENIZING[0])
    beside = {suffix: module.with_name(f"{module.name}{suffix}").is_file() for suffix in suffixes}
    library = f"{module.name}{TOKENIZING[0]}" if beside[TOKENIZING[0]] else INSTALLED_TOKENIZERS
    return page_of(
        module.name,
        module.name,
        is_asked=beside[TASK_SUFFIX],
        library=library if beside[DATA_SUFFIX] else "",
        fallback=DEFAULT if beside[FALLBACK_SUFFIX] else "",
    )


def _entries(folder: Path) -> Iterator[Entry]:
    """The pages below a folder."""
    root = folder.resolve()
    found = (page for depth in range(1, DEPTH + 1) for page in sorted(root.glob("/".join(["*"] * depth + [INDEX]))))
    places = (page.parent.relative_to(root) for page in found if INSTALLED not in page.parts)
    served = (place for place in places if (root / place).resolve() == root / place and file_of(root, f"/{place.as_posix()}/"))
    for place in islice(served, MOST):
        yield Entry(str(place), _purpose(root / place / INDEX), href="".join(f"{quote(part, safe='')}/" for part in place.parts))


def _purpose(page: Path) -> str:
    """What the page of a model says that it is for; empty for another page."""
    with page.open("rb") as file:
        text = file.read(MOST_BYTES + 1)
    found = ABOUT.search(text.decode("utf-8", "replace")) if len(text) <= MOST_BYTES else None
    try:
        about = json.loads(found[1]) if found else {}
    except (ValueError, RecursionError):
        return ""
    purpose = about.get("purpose") if isinstance(about, dict) else None
    return purpose if isinstance(purpose, str) else ""


def _modules(folder: Path) -> Iterator[str]:
    """The stems of the modules of a folder that were written here, and that a page can load: with declarations that say it."""
    for module in folder.glob(f"*{MODULE_SUFFIX}"):
        types = module.with_suffix(TYPES_SUFFIX)
        if "." in module.stem or not types.is_file():
            continue
        with types.open("rb") as file:
            if b"types of the module generated beside this file" in file.readline(2**16) and _is_model(types):
                yield module.stem


def _is_model(types: Path) -> bool:
    """Whether declarations are of one model, in one size."""
    text = types.read_text("utf-8", "replace")
    return "export declare const inputs:" in text and not any(f"export declare const {name}" in text for name in ("building", "sizes"))
