"""A distinct Python identifier for each value of a graph, the author's own where there is one."""

from __future__ import annotations

import builtins
import keyword
import re
import unicodedata
from collections.abc import Iterable
from itertools import groupby

from conformance.graph import LEAVES, Graph

# what an unnamed target of a gradient is called, as far as these are free
TARGETS = ("y", "z", "u", "v")


class Names:
    """Names by node: inputs first, then the author's variables, then those that outputs suggest.

    `position in names` tells whether someone named the node; asking for `names[position]` makes a
    name up where nobody did.
    """

    def __init__(self, graph: Graph, reserved: Iterable[str]) -> None:
        self._graph = graph
        self._taken = {*reserved, *keyword.kwlist, *dir(builtins), "derivatives"}
        self._of: dict[int, str] = {}
        self._given: set[int] = set()
        self._wanted: dict[int, str] = {}
        nodes = graph.nodes
        for i in graph.inputs:
            self._give(i, nodes[i]["name"])
        for i, node in enumerate(nodes):
            if node.name and node.op != "literal":
                self._give(i, node.name)
        for output in graph.outputs:
            self._suggest(output.name, output.node)
            self._give(output.node, output.name)
        for node in nodes:
            if node.op == "grad" and nodes[node.inputs[0]].op not in LEAVES:
                self[node.inputs[0]]  # in the program's order, whatever is printed first

    def __contains__(self, position: int) -> bool:
        return position in self._given

    def __getitem__(self, position: int) -> str:
        if position not in self._of:
            self._of[position] = self.fresh(self._made_up(position))
        return self._of[position]

    def fresh(self, wanted: str) -> str:
        """An identifier like `wanted` that nothing else uses."""
        base = unicodedata.normalize("NFKC", wanted)  # as Python reads identifiers
        if not base.isidentifier():
            base = re.sub(r"\W+", "_", base).strip("_") or "result"
        if not base.isidentifier():
            base = f"v_{re.sub(r'[^0-9A-Za-z_]', '_', base)}"
        name, count = base, 1
        while name in self._taken:
            count += 1
            name = f"{base}_{count}"
        self._taken.add(name)
        return name

    def _give(self, position: int, name: str) -> None:
        if position not in self._of:
            self._of[position] = self.fresh(name)
            self._given.add(position)

    def _suggest(self, output: str, position: int) -> None:
        """An output called `dz/dx` or `d2z/dx2` suggests the name z for what it differentiates."""
        base, sources = self._unnested(position)
        match = re.fullmatch(r"d(\d*)([^\W\d]\w*)/d\w+", output)
        if match and len(sources) == int(match[1] or 1):
            self._wanted.setdefault(base, match[2])

    def _unnested(self, position: int) -> tuple[int, list[int]]:
        """What gradients of gradients differentiate in the end, and their sources, inner first."""
        node, sources = self._graph.nodes[position], []
        while node.op == "grad":
            position, source = node.inputs
            sources.insert(0, source)
            node = self._graph.nodes[position]
        return position, sources

    def _made_up(self, position: int) -> str:
        nodes = self._graph.nodes
        if nodes[position].op == "constant":
            return "constant"
        if nodes[position].op == "grad":
            base, sources = self._unnested(position)
            runs = [(self[s], len(list(run))) for s, run in groupby(sources)]
            order = len(sources) if len(sources) > 1 else ""
            below = "".join(f"d{name}{count if count > 1 else ''}" for name, count in runs)
            return f"d{order}{self[base]}_{below}"
        if any(node.op == "grad" and node.inputs[0] == position for node in nodes):
            wanted = [*filter(None, [self._wanted.get(position)]), *TARGETS]
            return next((name for name in wanted if name not in self._taken), wanted[0])
        return "t"
