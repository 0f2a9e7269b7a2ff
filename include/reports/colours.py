"""Whether a colour can be read on another, by WCAG 2.2."""

READABLE = 4.5  # 1.4.3: contrast of text


def seen_on(ground: str, colour: str) -> str:
    """The colour, made as much lighter as it takes to be read on a dark ground."""
    parts = [int(colour[place : place + 2], 16) for place in (1, 3, 5)]
    steps = (
        "#" + "".join(f"{round(part + (255 - part) * share / 20):02x}" for part in parts) for share in range(21)
    )  # fmt: skip
    return next(lighter for lighter in steps if contrast(lighter, ground) >= READABLE)


def contrast(one: str, other: str) -> float:
    """Contrast of two colours, 1 to 21, by WCAG 2.2 (relative luminance)."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
