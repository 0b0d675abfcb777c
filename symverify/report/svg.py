"""Drawing in SVG: a canvas with data coordinates, axes and marks. Colours come from the page, by class."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from math import floor, isfinite, log10

from symverify.report.escape import html

WIDTH, HEIGHT = 480, 360
LEFT, RIGHT, TOP, BOTTOM = 54, 12, 12, 42


def number(x: float) -> str:
    """A float as pictures show it."""
    return f"{x:.4g}".replace("-", "−").replace("e+0", "e").replace("e−0", "e−")


def ticks(low: float, high: float, count: int = 5) -> list[float]:
    """Round numbers in a range, about so many."""
    if not high > low:
        return [low]
    raw = (high - low) / count
    power = 10.0 ** floor(log10(raw))
    step = next((f * power for f in (1, 2, 2.5, 5) if f * power >= raw), 10 * power)
    first = -floor(-low / step)
    found = [k * step for k in range(first, first + 2 * count + 2)]
    return [0.0 if abs(x) < step / 1e6 else x for x in found if x <= high + step * 1e-9]


@dataclass(slots=True)
class Canvas:
    """A plot area with linear axes; everything is appended in drawing order."""

    xs: tuple[float, float]
    ys: tuple[float, float]
    title: str
    description: str
    key: str
    width: int = WIDTH
    height: int = HEIGHT
    parts: list[str] = field(default_factory=list)

    def x(self, value: float) -> float:
        """A data coordinate in the picture."""
        low, high = self.xs
        return LEFT + (value - low) / ((high - low) or 1.0) * (self.width - LEFT - RIGHT)

    def y(self, value: float) -> float:
        """A data coordinate in the picture; upward in data is upward in the picture."""
        low, high = self.ys
        return self.height - BOTTOM - (value - low) / ((high - low) or 1.0) * (self.height - TOP - BOTTOM)

    def path(
        self, curves: Iterable[Sequence[tuple[float, float]]], kind: str, tip: str = "", close: bool = False
    ) -> None:
        """Curves as one path; `tip` is what hovering tells."""
        drawn = []
        for curve in curves:
            points = [f"{_px(self.x(x))} {_px(self.y(y))}" for x, y in curve if isfinite(x) and isfinite(y)]
            kept = [point for index, point in enumerate(points) if not index or point != points[index - 1]]
            if len(kept) > 1:
                drawn.append("M" + "L".join(kept) + ("Z" if close else ""))
        if drawn:
            self.parts.append(_element("path", f'class="{kind}" d="{"".join(drawn)}"', tip))

    def box(self, x: float, y: float, width: float, height: float, kind: str, tip: str = "") -> None:
        """A rectangle in picture coordinates."""
        size = f'x="{_px(x)}" y="{_px(y)}" width="{_px(width)}" height="{_px(height)}"'
        self.parts.append(_element("rect", f'class="{kind}" {size}', tip))

    def line(self, a: tuple[float, float], b: tuple[float, float], kind: str, tip: str = "") -> None:
        """A straight line in data coordinates."""
        ends = f'x1="{_px(self.x(a[0]))}" y1="{_px(self.y(a[1]))}" x2="{_px(self.x(b[0]))}" y2="{_px(self.y(b[1]))}"'
        self.parts.append(_element("line", f'class="{kind}" {ends}', tip))

    def dot(self, x: float, y: float, kind: str, tip: str = "", radius: float = 4.5, focus: bool = False) -> None:
        """A round mark."""
        focusable = ' tabindex="0"' if focus else ""
        place = f'cx="{_px(self.x(x))}" cy="{_px(self.y(y))}" r="{_px(radius)}"'
        self.parts.append(_element("circle", f'class="{kind}" {place}{focusable}', tip))

    def star(self, x: float, y: float, kind: str, tip: str = "", radius: float = 7.0) -> None:
        """A diamond mark, to be told from a dot without colour."""
        cx, cy = self.x(x), self.y(y)
        corners = ((cx, cy - radius), (cx + radius, cy), (cx, cy + radius), (cx - radius, cy))
        points = " ".join(f"{_px(a)},{_px(b)}" for a, b in corners)
        self.parts.append(_element("polygon", f'class="{kind}" points="{points}" tabindex="0"', tip))

    def label(self, x: float, y: float, text: str, kind: str = "label", anchor: str = "start") -> None:
        """Words in picture coordinates."""
        where = f'x="{_px(x)}" y="{_px(y)}" text-anchor="{anchor}"'
        self.parts.append(f'<text class="{kind}" {where}>{html(text)}</text>')

    def mark_label(self, x: float, y: float, text: str) -> None:
        """The name beside a mark at data coordinates, kept inside the picture."""
        cx = self.x(x)
        inside = cx < self.width - 60
        self.label(cx + (9 if inside else -9), max(self.y(y) - 8, TOP + 12), text, "name", "start" if inside else "end")

    def axes(self, xlabel: str, ylabel: str) -> None:
        """Frame, ticks and names of the axes."""
        right, bottom = self.width - RIGHT, self.height - BOTTOM
        for x in ticks(*self.xs):
            place = _px(self.x(x))
            self.parts.append(f'<line class="tick" x1="{place}" y1="{bottom}" x2="{place}" y2="{bottom + 4}"/>')
            self.label(self.x(x), bottom + 17, number(x), "tick-label", "middle")
        for y in ticks(*self.ys):
            place = _px(self.y(y))
            self.parts.append(f'<line class="tick" x1="{LEFT - 4}" y1="{place}" x2="{LEFT}" y2="{place}"/>')
            self.label(LEFT - 7, self.y(y) + 4, number(y), "tick-label", "end")
        self.box(LEFT, TOP, right - LEFT, bottom - TOP, "frame")
        self.label((LEFT + right) / 2, self.height - 6, xlabel, "axis", "middle")
        middle = _px((TOP + bottom) / 2)
        turned = f'x="13" y="{middle}" transform="rotate(-90 13 {middle})" text-anchor="middle"'
        self.parts.append(f'<text class="axis" {turned}>{html(ylabel)}</text>')

    def clip(self) -> None:
        """Keep what follows inside the frame, until `unclip`."""
        size = f'width="{self.width - LEFT - RIGHT}" height="{self.height - TOP - BOTTOM}"'
        shape = f'<rect x="{LEFT}" y="{TOP}" {size}/>'
        self.parts.append(f'<clipPath id="{self.key}-clip">{shape}</clipPath><g clip-path="url(#{self.key}-clip)">')

    def unclip(self) -> None:
        """End what `clip` began."""
        self.parts.append("</g>")

    def svg(self) -> str:
        """The picture as one element, with its title and description for who cannot see it."""
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-labelledby="{self.key}-title {self.key}-desc">'
            f'<title id="{self.key}-title">{html(self.title)}</title>'
            f'<desc id="{self.key}-desc">{html(self.description)}</desc>'
        )
        return head + "".join(self.parts) + "</svg>"


def _px(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _element(tag: str, attributes: str, tip: str) -> str:
    """An element and, if hovering is to tell something, its title."""
    if not tip:
        return f"<{tag} {attributes}/>"
    return f'<{tag} {attributes} data-tip="{html(tip)}"><title>{html(tip)}</title></{tag}>'
