"""Draws page.png: lines of text of several sizes, one that is slanted and one that runs downwards."""

from PIL import Image, ImageDraw, ImageFont

INK, PAPER = (25, 30, 60), (250, 248, 240)


def line(text: str, size: int) -> Image.Image:
    """A line of text on a ground that can be seen through."""
    font = ImageFont.load_default(size=size)
    left, top, right, bottom = font.getbbox(text)
    made = Image.new("RGBA", (round(right - left) + 8, round(bottom - top) + 8), (*INK, 0))
    ImageDraw.Draw(made).text((4 - left, 4 - top), text, fill=INK, font=font)
    return made


if __name__ == "__main__":
    page = Image.new("RGB", (640, 480), PAPER)
    for text, size, place, angle in (
        ("Garden party", 56, (60, 30), 0),
        ("Saturday, 14 June, at 18:30", 30, (60, 110), 0),
        ("Bring a chair and a friend.", 24, (60, 160), 0),
        ("Cake is here already!", 34, (70, 230), 12),
        ("Rain or shine", 30, (570, 120), -90),
        ("Questions? Call 555 0123", 26, (60, 400), 0),
    ):
        made = line(text, size).rotate(angle, Image.Resampling.BICUBIC, expand=True)
        page.paste(made, place, made)
    page.save("page.png")
