"""Drawing in SVG: a canvas with data coordinates, axes and marks. Colours come from the page, by class."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from math import floor, isfinite, log10

from symverify.report.escape import html

WIDTH, HEIGHT = 480, 360
RIGHT, TOP, BOTTOM = 12, 12, 46
TICK, NAME = 8.6, 11.5  # widths of a digit beside an axis and of a letter of a name, as large as on a phone
NAME_HEIGHT = 20.0
REACHES = (10.0, 18.0, 30.0, 46.0, 70.0)  # how far from its mark a name may stand


Box = tuple[float, float, float, float]  # left, top, right, bottom


def _around(x: float, y: float, radius: float) -> Box:
    return (x - radius, y - radius, x + radius, y + radius)


def meet(a: Box, b: Box) -> bool:
    """Whether two boxes overlap."""
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _inside(a: Box, b: Box) -> bool:
    return b[0] <= a[0] and b[1] <= a[1] and a[2] <= b[2] and a[3] <= b[3]


def _spots(reach: float, size: float) -> list[tuple[float, float]]:
    """Where a text of a width may begin, from its mark: at its corners, above and below."""
    up, down = -reach + 2, reach + NAME_HEIGHT - 8
    return [(reach, up), (-reach - size, up), (reach, down), (-reach - size, down), (-size / 2, up), (-size / 2, down)]


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
    """A plot area with linear axes; everything is appended in drawing order.

    `rows` are places on the vertical axis with their names, instead of round numbers. A `bare` canvas has no room for
    axes, no title and no description.
    """

    xs: tuple[float, float]
    ys: tuple[float, float]
    title: str
    description: str
    key: str
    width: int = WIDTH
    height: int = HEIGHT
    parts: list[str] = field(default_factory=list)
    rows: tuple[tuple[float, str], ...] = ()
    bare: bool = False
    marks: list[Box] = field(default_factory=list)
    names: list[tuple[float, float, str]] = field(default_factory=list)

    @property
    def left(self) -> float:
        """Where the plot area begins: beside the numbers and the name of the vertical axis."""
        return 4 if self.bare else 32 + TICK * max(len(name) for _, name in self._places())

    @property
    def frame(self) -> Box:
        """The plot area, in picture coordinates."""
        if self.bare:
            return (self.left, 4, self.width - 4, self.height - 4)
        return (self.left, TOP, self.width - RIGHT, self.height - BOTTOM)

    def _places(self) -> Sequence[tuple[float, str]]:
        """Where the vertical axis has ticks, and what is written there."""
        return self.rows or [(y, number(y)) for y in ticks(*self.ys)]

    def x(self, value: float) -> float:
        """A data coordinate in the picture."""
        low, high = self.xs
        left, _, right, _ = self.frame
        return left + (value - low) / ((high - low) or 1.0) * (right - left)

    def y(self, value: float) -> float:
        """A data coordinate in the picture; upward in data is upward in the picture."""
        low, high = self.ys
        _, top, _, bottom = self.frame
        return bottom - (value - low) / ((high - low) or 1.0) * (bottom - top)

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

    def fill(self, kind: str, tip: str = "") -> None:
        """The whole plot area."""
        left, top, right, bottom = self.frame
        self.box(left, top, right - left, bottom - top, kind, tip)

    def line(self, a: tuple[float, float], b: tuple[float, float], kind: str, tip: str = "") -> None:
        """A straight line in data coordinates."""
        ends = f'x1="{_px(self.x(a[0]))}" y1="{_px(self.y(a[1]))}" x2="{_px(self.x(b[0]))}" y2="{_px(self.y(b[1]))}"'
        self.parts.append(_element("line", f'class="{kind}" {ends}', tip))

    def dot(self, x: float, y: float, kind: str, tip: str = "", radius: float = 4.5, focus: bool = False) -> None:
        """A round mark."""
        focusable = ' tabindex="0"' if focus else ""
        if kind != "probe":
            self.marks.append(_around(self.x(x), self.y(y), radius))
        place = f'cx="{_px(self.x(x))}" cy="{_px(self.y(y))}" r="{_px(radius)}"'
        self.parts.append(_element("circle", f'class="{kind}" {place}{focusable}', tip))

    def circle(self, x: float, y: float, radius: float, kind: str, tip: str = "") -> None:
        """A circle in picture coordinates."""
        self.parts.append(_element("circle", f'class="{kind}" cx="{_px(x)}" cy="{_px(y)}" r="{_px(radius)}"', tip))

    def edge(self, a: tuple[float, float], b: tuple[float, float], kind: str, tip: str = "") -> None:
        """A straight line in picture coordinates."""
        ends = f'x1="{_px(a[0])}" y1="{_px(a[1])}" x2="{_px(b[0])}" y2="{_px(b[1])}"'
        self.parts.append(_element("line", f'class="{kind}" {ends}', tip))

    def star(self, x: float, y: float, kind: str, tip: str = "", radius: float = 7.0) -> None:
        """A diamond mark, to be told from a dot without colour."""
        cx, cy = self.x(x), self.y(y)
        self.marks.append(_around(cx, cy, radius))
        corners = ((cx, cy - radius), (cx + radius, cy), (cx, cy + radius), (cx - radius, cy))
        points = " ".join(f"{_px(a)},{_px(b)}" for a, b in corners)
        self.parts.append(_element("polygon", f'class="{kind}" points="{points}" tabindex="0"', tip))

    def label(self, x: float, y: float, text: str, kind: str = "label", anchor: str = "start") -> None:
        """Words in picture coordinates."""
        where = f'x="{_px(x)}" y="{_px(y)}" text-anchor="{anchor}"'
        self.parts.append(f'<text class="{kind}" {where}>{html(text)}</text>')

    def mark_label(self, x: float, y: float, text: str) -> None:
        """The name beside a mark at data coordinates: where there is room for it, once all marks are known."""
        self.names.append((self.x(x), self.y(y), text))

    def placed(self) -> list[tuple[Box, str]]:
        """The names, each at the first place beside its mark that is inside the plot area and free."""
        taken, found = list(self.marks), list[tuple[Box, str]]()
        for x, y, text in self.names:
            size = NAME * len(text)
            starts = [(x + dx, y + dy) for reach in REACHES for dx, dy in _spots(reach, size)]
            boxes = [(a, b - NAME_HEIGHT + 4, a + size, b + 4) for a, b in starts]
            free = (box for box in boxes if _inside(box, self.frame) and not any(meet(box, each) for each in taken))
            box = next(free, boxes[0])
            taken.append(box)
            found.append((box, text))
        return found

    def axes(self, xlabel: str, ylabel: str) -> None:
        """Frame, ticks and names of the axes."""
        right, bottom = self.width - RIGHT, self.height - BOTTOM
        for x in self._roomy():
            place = _px(self.x(x))
            self.parts.append(f'<line class="tick" x1="{place}" y1="{bottom}" x2="{place}" y2="{bottom + 4}"/>')
            self.label(self.x(x), bottom + 18, number(x), "tick-label", "middle")
        for y, name in self._places():
            place, left = _px(self.y(y)), _px(self.left)
            self.parts.append(f'<line class="tick" x1="{_px(self.left - 4)}" y1="{place}" x2="{left}" y2="{place}"/>')
            at = min(self.y(y) + 4, self.frame[3])  # in the corner not over the number of the other axis
            self.label(self.left - 7, at, name, "tick-label", "end")
        self.fill("frame")
        self.label((self.left + right) / 2, self.height - 6, xlabel, "axis", "middle")
        middle = _px((TOP + bottom) / 2)
        turned = f'x="14" y="{middle}" transform="rotate(-90 14 {middle})" text-anchor="middle"'
        self.parts.append(f'<text class="axis" {turned}>{html(ylabel)}</text>')

    def _roomy(self) -> list[float]:
        """The ticks of the horizontal axis, few enough for their numbers to stand apart."""
        for count in (5, 4, 3, 2):
            found = ticks(*self.xs, count)
            places = [(self.x(x), TICK * len(number(x)) / 2 + 4) for x in found]
            if all(b - a > u + v for (a, u), (b, v) in pairwise(places)):
                return found
        return found[:1]

    def clip(self) -> None:
        """Keep what follows inside the frame, until `unclip`."""
        size = f'width="{_px(self.width - self.left - RIGHT)}" height="{self.height - TOP - BOTTOM}"'
        shape = f'<rect x="{_px(self.left)}" y="{TOP}" {size}/>'
        self.parts.append(f'<clipPath id="{self.key}-clip">{shape}</clipPath><g clip-path="url(#{self.key}-clip)">')

    def unclip(self) -> None:
        """End what `clip` began."""
        self.parts.append("</g>")

    def svg(self) -> str:
        """The picture as one element, with its title and description for who cannot see it."""
        if self.bare:
            size = f'viewBox="0 0 {self.width} {self.height}" aria-hidden="true"'
            return f'<svg xmlns="http://www.w3.org/2000/svg" {size}>{"".join(self.parts)}</svg>'
        names = (
            f'<text class="name" x="{_px(box[0])}" y="{_px(box[3] - 4)}">{html(text)}</text>'
            for box, text in self.placed()
        )
        head = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {self.width} {self.height}" role="img" '
            f'aria-labelledby="{self.key}-title {self.key}-desc">'
            f'<title id="{self.key}-title">{html(self.title)}</title>'
            f'<desc id="{self.key}-desc">{html(self.description)}</desc>'
        )
        return head + "".join([*self.parts, *names]) + "</svg>"


def _px(value: float) -> str:
    text = f"{value:.1f}"
    return text[:-2] if text.endswith(".0") else text


def _element(tag: str, attributes: str, tip: str) -> str:
    """An element and, if hovering is to tell something, its title."""
    if not tip:
        return f"<{tag} {attributes}/>"
    return f'<{tag} {attributes} data-tip="{html(tip)}"><title>{html(tip)}</title></{tag}>'
