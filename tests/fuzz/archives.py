"""Changes of zip archives: members renamed, doubled, dropped, blown up, damaged, or pickles that run code in their place."""

from __future__ import annotations

import io
import os
import pickle
import zipfile
from collections.abc import Callable
from functools import cache
from random import Random

import torch

from tests.fuzz import mutations
from tests.fuzz.mutations import MARKER

Members = list[tuple[str, bytes]]
ChangeMember = Callable[[str, bytes, Random], bytes]

BOMB = 30_000_000
"""Bytes that a few kilobytes grow to."""
LARGEST = 500_000
"""Bytes of a member that is not stored as it is."""


class Runs:
    """What makes the marker when it is unpickled."""

    def __reduce__(self) -> tuple[object, ...]:
        return os.mkdir, (MARKER,)


@cache
def pickles() -> tuple[bytes, ...]:
    """Pickles that run code, in every protocol, bare, inside of other objects, and as PyTorch saves them."""
    code = f'import os; os.mkdir("{MARKER}")'
    by_hand = [f"cos\nmkdir\n(S'{MARKER}'\ntR.", f"(S'{MARKER}'\nios\nmkdir\n.", f"cbuiltins\nexec\n(S'{code}'\ntR."]
    made = [pickle.dumps(value, protocol) for protocol in range(6) for value in (Runs(), {"x": Runs()}, [torch.zeros(2), Runs()])]
    saved = [_saved(value, zipped) for value in (Runs(), {"w": Runs()}) for zipped in (True, False)]
    return (*(text.encode() for text in by_hand), *made, *saved)


def _saved(value: object, zipped: bool) -> bytes:
    content = io.BytesIO()
    torch.save(value, content, _use_new_zipfile_serialization=zipped)
    return content.getvalue()


def members(content: bytes) -> Members:
    """What an archive holds. Raises `ValueError` when it cannot be read, or is too large to be changed."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(info.file_size for info in archive.infolist()) > 4 * BOMB:
                raise ValueError("too large")
            return [(info.filename, archive.read(info)) for info in archive.infolist()]
    except Exception as error:
        raise ValueError from error


def archived(content: Members) -> bytes:
    """An archive of these members, the same for the same ones; large ones are compressed."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, data in content:
            info = zipfile.ZipInfo(name or "x", (1980, 1, 1, 0, 0, 0))
            archive.writestr(info, data, zipfile.ZIP_DEFLATED if len(data) > LARGEST else zipfile.ZIP_STORED, compresslevel=1)
    return made.getvalue()


def mutate(content: bytes, random: Random, change_member: ChangeMember) -> bytes:
    """An archive with one change, most of them of what a member holds."""
    try:
        found = members(content)
    except ValueError:
        return mutations.damaged(content, random)
    if random.random() < 0.08 or not found:
        return mutations.damaged(content, random)
    i = random.randrange(len(found))
    name, data = found[i]
    match random.randrange(14):
        case 0:
            found[i] = (_renamed(name, [n for n, _ in found], random), data)
        case 1:
            del found[i]
        case 2:
            other = random.choice((name, _renamed(name, [name], random)))
            found.insert(random.randint(0, len(found)), (other, change_member(name, data, random)))
        case 3:
            found[i] = (name, mutations.damaged(data, random))
        case 4 | 5:
            found[i] = (name, random.choice(pickles()))
        case 6:
            found[i] = (name, data + random.choice((b" ", b"\n", b"\0")) * BOMB)
        case 7:
            found[i] = (name, random.choice(found)[1])
        case _:
            found[i] = (name, change_member(name, data, random))
    return archived(found)


def _renamed(name: str, names: list[str], random: Random) -> str:
    folder, _, rest = name.partition("/")
    return random.choice(
        (
            name.upper(),
            name.lower(),
            name.swapcase(),
            f"{folder}/{rest.upper()}",
            rest,
            f"other/{rest}",
            f"../{name}",
            f"/{name}",
            f"./{name}",
            name.replace("/", "\\"),
            f"{name}\0x",
            f"{name}/",
            f"{folder}/../{name}",
            f"{folder}/data/weights/custom_obj_0",
            random.choice(names),
            mutations.text(random, name).encode(errors="replace").decode() or "x",
        )
    )
