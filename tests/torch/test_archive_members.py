"""Members of archives: large ones are mapped, and are what reading them gives."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from converters.torch.reading.archive import ALIGNMENT, HEADER_BYTES, WORTH_A_MAP, Archive
from webnn_graph.errors import FormatError

CONTENT = bytes(range(256)) * (WORTH_A_MAP // 256)
ALIGNED = "m/" + "a" * (ALIGNMENT - (HEADER_BYTES + 2) % ALIGNMENT)


def archive(path: Path, name: str = ALIGNED, content: bytes = CONTENT, compression: int = zipfile.ZIP_STORED) -> Archive:
    """An archive with one member in a folder."""
    with zipfile.ZipFile(path, "w", compression) as written:
        written.writestr(name, content)
    return Archive(path)


@pytest.mark.parametrize(
    ("name", "content", "compression", "is_mapped"),
    [
        (ALIGNED, CONTENT, zipfile.ZIP_STORED, True),
        (f"{ALIGNED}b", CONTENT, zipfile.ZIP_STORED, False),
        (ALIGNED, CONTENT[:-1], zipfile.ZIP_STORED, False),
        (ALIGNED, CONTENT, zipfile.ZIP_DEFLATED, False),
    ],
)
def test_large_members_are_mapped(tmp_path: Path, name: str, content: bytes, compression: int, is_mapped: bool) -> None:
    with archive(tmp_path / "a.zip", name, content, compression) as opened:
        found = opened.view(name.removeprefix("m/"))
        assert bytes(found) == content
        assert isinstance(found, memoryview) == is_mapped


def test_what_is_written_to_a_member_stays_out_of_the_file(tmp_path: Path) -> None:
    opened = archive(tmp_path / "a.zip")
    before = (tmp_path / "a.zip").read_bytes()
    member = opened.view(ALIGNED.removeprefix("m/"))
    member[0] = 77
    assert member[0] == 77
    assert (tmp_path / "a.zip").read_bytes() == before


DAMAGES: dict[str, Callable[[bytearray], None]] = {
    "a byte of the content": lambda file: file.__setitem__(len(file) // 2, file[len(file) // 2] ^ 1),
    "the header before it": lambda file: file.__setitem__(0, 0),
    "its name there": lambda file: file.__setitem__(HEADER_BYTES, 65),
    "the length of its name there": lambda file: file.__setitem__(27, 255),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_members_are_refused(tmp_path: Path, damage: str) -> None:
    archive(tmp_path / "a.zip")
    file = bytearray((tmp_path / "a.zip").read_bytes())
    DAMAGES[damage](file)
    (tmp_path / "a.zip").write_bytes(file)
    with Archive(tmp_path / "a.zip") as opened, pytest.raises(FormatError, match="is damaged"):
        opened.view(ALIGNED.removeprefix("m/"))
