"""A program in the making: typed nodes, and random choices among them."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np

from conformance import ops
from conformance.errors import ShapeError
from conformance.graph import Node
from conformance.typing_rules import TensorType, broadcast_shapes

# how often an operand is one of the newest values, so that programs become deep
RECENT, NEWEST = 0.7, 10
LARGEST = 32  # elements of a value
DIMENSIONS = 3


class Writer:
    """Appends nodes to a graph and draws operands for them.

    `writer(name, *operands, **parameters)` is the position of a new node. An operand is a position
    (int), a number (float) or an array, which is written into the program.
    lengths: of the axes that values have; empty where all values have one shape.
    """

    def __init__(self, draw: random.Random, dtype: str, lengths: tuple[int, ...]) -> None:
        self.draw = draw
        self.dtype = dtype
        self.lengths = lengths
        self.nodes: list[Node] = []
        self.values: list[int] = []  # what may be picked as an operand: no leaf, no bool
        self.count = 0  # operators so far

    def __call__(self, name: str, *operands: int | float | np.ndarray, **parameters: Any) -> int:
        op = ops.get(name)
        positions = tuple(o if type(o) is int else self.leaf(o) for o in operands)
        bound = op.bind(parameters)
        kind = op.infer(tuple(self.type(i) for i in positions), bound)
        self.count += 1
        return self.append(name, positions, bound, kind)

    def append(self, name: str, operands: tuple[int, ...], parameters: dict[str, Any],
               kind: TensorType) -> int:
        self.nodes.append(Node(name, operands, tuple(sorted(parameters.items())), kind))
        return len(self.nodes) - 1

    def leaf(self, value: float | np.ndarray) -> int:
        """A number or an array of the program itself."""
        if isinstance(value, np.ndarray):
            return self.append("constant", (), {"value": tuple(value.ravel().tolist())},
                               TensorType(value.shape, self.dtype))
        return self.append("literal", (), {"value": value}, TensorType((), self.dtype))

    def input(self, name: str, shape: tuple[int, ...]) -> int:
        at = self.append("input", (), {"name": name, "kind": "constant"},
                         TensorType(shape, self.dtype))
        self.values.append(at)
        return at

    def grad(self, target: int, source: int) -> int:
        return self.append("grad", (target, source), {}, self.type(source))

    def type(self, position: int) -> TensorType:
        return self.nodes[position].type

    def shape(self, position: int) -> tuple[int, ...]:
        return self.nodes[position].type.shape

    # --- choices ---------------------------------------------------------------------------------

    def pick(self, fits: Callable[[tuple[int, ...]], bool] = lambda shape: True) -> int | None:
        """A value whose shape fits, more often than not a new one; None where there is none."""
        found = [i for i in self.values if fits(self.shape(i))]
        if not found:
            return None
        return self.draw.choice(found[-NEWEST:] if self.draw.random() < RECENT else found)

    def beside(self, x: int) -> int:
        """A value that broadcasts with x; x itself at the least."""
        return self.pick(lambda shape: self.fits(self.shape(x), shape)) or x

    def fits(self, *shapes: tuple[int, ...]) -> bool:
        """Whether shapes broadcast to something that is not too large."""
        try:
            return self.small(broadcast_shapes(*shapes))
        except ShapeError:
            return False

    @staticmethod
    def small(shape: tuple[int, ...]) -> bool:
        return len(shape) <= DIMENSIONS and int(np.prod(shape)) <= LARGEST

    def number(self, low: float, high: float) -> float:
        """A number of four decimals, which no dtype holds exactly as a rule."""
        return round(self.draw.uniform(low, high), 4)

    def signed(self, low: float = 0.3, high: float = 2.0) -> float:
        return self.number(low, high) * self.draw.choice((-1, 1))

    def weights(self, shape: tuple[int, ...]) -> np.ndarray:
        """Numbers of both signs, all different."""
        count = int(np.prod(shape))
        return np.array([self.signed() for _ in range(count)]).reshape(shape)

    def axis(self, x: int) -> int:
        """One of the axes of x, counted from the front or from the back."""
        rank = len(self.shape(x))
        return self.draw.randrange(-rank, rank)

    # --- operands that are safe ------------------------------------------------------------------

    def positive(self, x: int) -> int:
        """Between about 0.07 and the size of x."""
        match self.draw.randrange(3):
            case 0:
                return self("add", self("softplus", self("multiply", self.bounded(x), 4.0)), 0.05)
            case 1:
                return self("sqrt", self("add", self("square", x), 0.5))
            case _:
                return self("exp", self("tanh", x))

    def bounded(self, x: int) -> int:
        """In (-1, 1)."""
        return self(self.draw.choice(("tanh", "sin")), x)

    def inside(self, x: int) -> int:
        """In (-0.9, 0.9)."""
        return self("multiply", self.bounded(x), 0.9)

    def tamed(self, x: int) -> int:
        """x as it is, or bounded: what multiplies again and again would soon leave the range."""
        return x if self.draw.random() < 0.5 else self.bounded(x)

    def apart(self, x: int) -> int:
        """x plus different numbers: no two elements tie because both are 0, or copies."""
        return self("add", x, self.weights(self.shape(x)))
