"""Lines of source under construction: indentation, and the breaking of long lines at brackets."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

WIDTH = 88
INDENT = "    "
_NUMBER = re.compile(r'-?(\d[\w.+-]*( [+-] \d[\w.+-]*)?|float\("-?(inf|nan)"\))|True|False')


@dataclass
class Block:
    """Lines with one indentation."""

    lines: list[str] = field(default_factory=list)
    depth: int = 0

    def line(self, text: str) -> None:
        """Add a statement, on several lines if it is long."""
        self.lines += wrap(text, INDENT * self.depth)


def wrap(text: str, indent: str = "") -> list[str]:
    """The statement in lines of at most WIDTH where brackets allow it, as a formatter would.

    What stands in the longest brackets (or the last of `f(…)(…)`) goes on a line of its own if it
    fits there, else one element a line; plain numbers fill their lines.
    """
    if len(indent + text) <= WIDTH:
        return [indent + text]
    pairs = [(start, end) for start, end in _brackets(text) if end - start > 1]
    if not pairs:
        return [indent + text]
    start, end = max(pairs, key=lambda pair: pair[1] - pair[0])
    if text[pairs[-1][0] - 1] == ")" and len(indent + text[:pairs[-1][0] + 1]) <= WIDTH:
        start, end = pairs[-1]  # the call of what a call returned
    inner = indent + INDENT
    elements = _split(text[start + 1:end])
    if len(inner + text[start + 1:end]) <= WIDTH:
        body = [inner + text[start + 1:end]]
    elif all(_NUMBER.fullmatch(element) for element in elements):
        body = _filled(elements, inner)
    elif len(elements) == 1:  # a comma would make parentheses a tuple
        body = wrap(elements[0], inner)
    else:
        body = [line for element in elements for line in wrap(element + ",", inner)]
    return [indent + text[:start + 1], *body, *wrap(text[end:], indent)]


def _filled(elements: list[str], indent: str) -> list[str]:
    lines = [indent]
    for element in elements:
        text = f"{element}, "
        if len(lines[-1] + text.rstrip()) > WIDTH:
            lines.append(indent)
        lines[-1] += text
    return [line.rstrip() for line in lines]


def _tokens(text: str) -> Iterator[tuple[int, str, int]]:
    """Position, character and depth of whatever is outside of string literals."""
    depth, quoted, escaped = 0, False, False
    for position, character in enumerate(text):
        if quoted:
            quoted, escaped = character != '"' or escaped, character == "\\" and not escaped
        elif character == '"':
            quoted = True
        else:
            depth -= character in ")]}"
            yield position, character, depth
            depth += character in "([{"


def _brackets(text: str) -> list[tuple[int, int]]:
    """Where the outermost brackets open and close."""
    outer = [(position, character) for position, character, depth in _tokens(text)
             if depth == 0 and character in "([{)]}"]
    return [(outer[i][0], outer[i + 1][0]) for i in range(0, len(outer) - 1, 2)]


def _split(text: str) -> list[str]:
    """What stands between the outermost commas."""
    cuts = [position for position, character, depth in _tokens(text)
            if depth == 0 and character == ","]
    bounds = zip([-1, *cuts], [*cuts, len(text)], strict=True)
    parts = [text[start + 1:end].strip() for start, end in bounds]
    return [part for part in parts if part]
