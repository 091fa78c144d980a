"""Random programs: a pure function of a seed and an index."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache

import numpy as np

from conformance.backends import get_backend
from conformance.calibration import recipes
from conformance.calibration.writer import Writer
from conformance.errors import ShapeError
from conformance.graph import Graph, Output
from conformance.inputs import array

FRAMEWORKS = ("reference", "torch", "tensorflow", "jax")
POINTS = 32
INPUTS = 5
# always the same: JAX compiles every operator anew for every shape
LENGTHS = (3, 2, 4)
# magnitudes of the inputs, as powers of ten
SMALLEST, LARGEST = -1.0, 0.7


@dataclass(frozen=True)
class Plan:
    """What the programs of one calibration have in common.

    ops: operators in a program, about. order: gradients that are nested. arrays: the share of
    programs with arrays of several shapes; the others are a program of scalars at many points,
    which costs hardly more than at one.
    """

    seed: int = 0
    dtype: str = "float32"
    ops: int = 40
    order: int = 1
    arrays: float = 0.25


@dataclass(frozen=True)
class RandomProgram:
    """points: how many programs of scalars stand side by side in its arrays, each on its own."""

    plan: Plan
    index: int
    graph: Graph
    inputs: dict[str, np.ndarray]
    points: int

    @property
    def size(self) -> int:
        return len(self.graph.nodes)


@cache
def _recipes(tensors: bool) -> tuple[tuple[recipes.Recipe, ...], ...]:
    """Elementwise recipes, and those of arrays, which are as likely together."""
    found = {name: recipe for name, recipe in recipes.table(tensors).items() if everywhere(name)}
    arrays = tuple(found[name] for name in recipes.TENSORS if name in found)
    others = tuple(recipe for name, recipe in found.items() if name not in recipes.TENSORS)
    return (others, arrays) if tensors else (others,)


def everywhere(operator: str) -> bool:
    """Whether all frameworks have it: one that lacks it could not run the rest of a program."""
    return all(get_backend(name).spellings.get(operator, operator) is not None
               for name in FRAMEWORKS)


def program(plan: Plan, index: int) -> RandomProgram:
    """Program number `index`; the same in every process, and its numbers the same in every dtype
    but for their rounding."""
    draw = random.Random(f"{plan.seed}/{index}")
    tensors = draw.random() < plan.arrays
    writer = Writer(draw, plan.dtype, LENGTHS if tensors else ())
    sources = [writer.input(f"x{k}", shape) for k, shape in enumerate(shapes_of_inputs(writer))]
    _compute(writer, _recipes(tensors), plan.ops)
    target = _target(writer)
    if plan.order == 2:
        target = _slope(writer, target, sources)
    graph = _graph(writer, target, sources)
    return RandomProgram(plan, index, graph, _inputs(graph, draw, plan.dtype),
                         0 if tensors else POINTS)


def shapes_of_inputs(writer: Writer) -> list[tuple[int, ...]]:
    """Points, or a number, vectors and matrices that fit each other."""
    if not writer.lengths:
        return [(POINTS,)] * INPUTS
    n, m, k = writer.lengths
    return [(), (n,), (m, n), (n, k), (m, 1)]


def _compute(writer: Writer, choices: tuple[tuple[recipes.Recipe, ...], ...], count: int) -> None:
    """Operators until there are enough of them; what became too large is not used."""
    while writer.count < count:
        recipe, x = writer.draw.choice(writer.draw.choice(choices)), writer.pick()
        try:
            y = recipe(writer, x)
        except ShapeError:  # this operand does not suit this operator
            continue
        if writer.small(writer.shape(y)) and y not in writer.values:
            writer.values.append(y)


def _target(writer: Writer) -> int:
    """Every value that nothing uses, each element with a weight of its own."""
    used = {i for node in writer.nodes for i in node.inputs}
    ends = [i for i in writer.values if i not in used]
    total = None
    for end in ends:
        term = writer("multiply", end, writer.weights(writer.shape(end)))
        if writer.lengths:
            term = writer("sum", term)
        total = term if total is None else writer("add", total, term)
    return total


def _slope(writer: Writer, target: int, sources: list[int]) -> int:
    """The weighted sum of a gradient, to be differentiated again."""
    source = writer.draw.choice([s for s in sources if _reaches(writer, target, s)])
    slope = writer("multiply", writer.grad(target, source), writer.weights(writer.shape(source)))
    return writer("sum", slope) if writer.lengths else slope


def _reaches(writer: Writer, target: int, source: int) -> bool:
    """Whether a target is computed from a source."""
    stack, seen = [target], set()
    while stack:
        position = stack.pop()
        if position == source:
            return True
        if position not in seen:
            seen.add(position)
            stack.extend(writer.nodes[position].inputs)
    return False


def _graph(writer: Writer, target: int, sources: list[int]) -> Graph:
    """The gradients of the target, and what they need."""
    outputs = tuple(Output(f"d{writer.nodes[s]['name']}", writer.grad(target, s))
                    for s in sources if _reaches(writer, target, s))
    return trimmed(Graph(tuple(writer.nodes), outputs))


def trimmed(graph: Graph) -> Graph:
    """Only the nodes that the outputs need."""
    kept = sorted(graph.program())
    place = {old: new for new, old in enumerate(kept)}
    nodes = []
    for old in kept:
        node = graph.nodes[old]
        nodes.append(type(node)(node.op, tuple(place[i] for i in node.inputs), node.parameters,
                                node.type))
    return Graph(tuple(nodes), tuple(Output(o.name, place[o.node]) for o in graph.outputs))


def _inputs(graph: Graph, draw: random.Random, dtype: str) -> dict[str, np.ndarray]:
    values = {}
    for node in (graph.nodes[i] for i in graph.inputs):
        flat = [draw.choice((-1, 1)) * 10.0 ** draw.uniform(SMALLEST, LARGEST)
                for _ in range(node.type.size)]
        exact = array(np.array(flat).reshape(node.type.shape))
        values[node["name"]] = exact.values(node["name"], dtype)
    return values
