"""Makes shapes.pt2, a network that learns in some seconds where circles, squares and triangles are, labels.txt and picture.png."""

from pathlib import Path

import torch
from PIL import Image, ImageDraw

NAMES = ["circle", "square", "triangle"]
SIZE, CELL = 64, 8
"""Pixels of a side, and of a cell, each of which says what is in its middle."""


def drawing(random: torch.Generator) -> tuple[Image.Image, list[tuple[int, list[float]]]]:
    """Some shapes on a plain ground; which and where they are: number, and centre and size."""

    def number(low: int, high: int) -> int:
        return int(torch.randint(low, high, (), generator=random))

    def colour(low: int, high: int) -> tuple[int, int, int]:
        return number(low, high), number(low, high), number(low, high)

    dark = number(0, 2)
    picture = Image.new("RGB", (SIZE, SIZE), colour(0, 70) if dark else colour(185, 256))
    draw, shapes = ImageDraw.Draw(picture), []
    for x, y in ((0, 0), (32, 0), (0, 32), (32, 32)):
        if number(0, 3):
            kind, size = number(0, 3), number(12, 29)
            left, top = x + number(1, 32 - size), y + number(1, 32 - size)
            box, ink = (left, top, left + size, top + size), colour(140, 256) if dark else colour(0, 140)
            if kind == 2:
                draw.polygon([(left + size / 2, top), (left + size, top + size), (left, top + size)], fill=ink)
            else:
                (draw.ellipse if kind == 0 else draw.rectangle)(box, fill=ink)
            shapes.append((kind, [left + size / 2, top + size / 2, size, size]))
    return picture, shapes


def pixels(picture: Image.Image) -> torch.Tensor:
    """Values from 0 to 1, [3, SIZE, SIZE]."""
    return torch.frombuffer(bytearray(picture.tobytes()), dtype=torch.uint8).reshape(SIZE, SIZE, 3).permute(2, 0, 1) / 255


class Shapes(torch.nn.Module):
    """Boxes as centre and size beside the scores of the labels, for each cell, as YOLO has them: [1, 4 + 3, cells]."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[torch.nn.Module] = []
        for before, after, stride in ((3, 16, 2), (16, 24, 2), (24, 48, 2), (48, 48, 1), (48, 48, 1), (48, 48, 1)):
            layers += [torch.nn.Conv2d(before, after, 3, stride, 1), torch.nn.BatchNorm2d(after), torch.nn.ReLU()]
        self.features = torch.nn.Sequential(*layers, torch.nn.Conv2d(48, 4 + len(NAMES), 1))
        places = torch.arange(SIZE // CELL) * CELL + CELL / 2
        self.register_buffer("centres", torch.stack(torch.meshgrid(places, places, indexing="xy")).reshape(1, 2, -1))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        found = self.features(image).flatten(2)
        middles, sizes = self.centres + found[:, :2] * CELL, found[:, 2:4].exp() * CELL
        return torch.cat([middles, sizes, found[:, 4:].sigmoid()], 1)


def answers(shapes: list[tuple[int, list[float]]]) -> tuple[torch.Tensor, torch.Tensor]:
    """What the network is to say: the label of each cell, one more for none, and boxes [4, cells]."""
    side = SIZE // CELL
    labels, boxes = torch.full((side * side,), len(NAMES)), torch.zeros(4, side * side)
    for kind, box in shapes:
        cell = int(box[1] // CELL) * side + int(box[0] // CELL)
        labels[cell], boxes[:, cell] = kind, torch.tensor(box)
    return labels, boxes


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(1)  # several would wait for each other: the model is tiny
    random = torch.Generator().manual_seed(0)
    network = Shapes()
    optimizer = torch.optim.Adam(network.parameters(), 3e-3)
    steps = 300
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    for _ in range(steps):
        drawn = [drawing(random) for _ in range(32)]
        labels, boxes = map(torch.stack, zip(*[answers(shapes) for _, shapes in drawn], strict=True))
        found = network(torch.stack([pixels(picture) for picture, _ in drawn]))
        right = torch.nn.functional.one_hot(labels, len(NAMES) + 1)[..., :-1].transpose(1, 2).float()
        there = (labels < len(NAMES)).unsqueeze(1)
        doubt = torch.nn.functional.binary_cross_entropy(found[:, 4:], right, weight=1 + 7 * right, reduction="sum") / 32
        away = (torch.nn.functional.smooth_l1_loss(found[:, :4], boxes, reduction="none") * there).sum() / 32
        optimizer.zero_grad()
        (doubt + away / 4).backward()
        optimizer.step()
        schedule.step()
    torch.export.save(torch.export.export(network.eval(), (torch.zeros(1, 3, SIZE, SIZE),)), "shapes.pt2")
    Path("labels.txt").write_text("\n".join(NAMES))
    picture, _ = drawing(torch.Generator().manual_seed(11))
    picture.resize((480, 480), Image.Resampling.LANCZOS).save("picture.png")
