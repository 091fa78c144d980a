"""The ways in which frameworks ask for gradients: on a tape, or of a function."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.analysis import Flow
from conformance.backends.printing import Block, Expr, Printer
from conformance.errors import Unsupported
from conformance.graph import LEAVES


class Emitter:
    """Writes the body of the printed function; a style is a subclass of it."""

    def __init__(self, printer: Printer, block: Block) -> None:
        self.printer = printer
        self.block = block
        self.graph = printer.graph
        self.names = printer.names
        self.backend = printer.backend
        self.flow = Flow(printer.graph)
        self.program = sorted(printer.graph.program())

    def body(self) -> None:
        """Write the statements that compute every output."""
        raise NotImplementedError

    def expression(self, position: int) -> Expr:
        """A node as source: its name, or the expression that it is inlined as."""
        if position in self.names and self.graph.nodes[position].op in LEAVES:
            return Expr(self.names[position])
        if self.printer.is_statement(position):
            return Expr(self.names[position])
        return self.printer.spell(position, self.expression)

    def statement(self, position: int) -> None:
        if self.printer.is_statement(position):
            value = self.printer.spell(position, self.expression)
            self.block.line(f"{self.names[position]} = {value.text}")

    def siblings(self, position: int, among: Iterable[int]) -> list[int]:
        """The gradients of the same target among these nodes, one for each source."""
        target = self.graph.nodes[position].inputs[0]
        found: dict[int, int] = {}
        for i in among:
            node = self.graph.nodes[i]
            if node.op == "grad" and node.inputs[0] == target:
                found.setdefault(node.inputs[1], i)
        return list(found.values()) if position in found.values() else [position]


class TapeStyle(Emitter):
    """One tape a level of nested gradients; the innermost records the program itself.

    A node of level k is computed while the tapes of the levels above k record, and its gradients
    are asked of tape k once that tape has closed.
    """

    def body(self) -> None:
        self.done: set[int] = set()
        top = max(self.graph.levels[i] for i in self.program)
        self._record(top)

    def _record(self, level: int) -> None:
        """The nodes up to this level: those below it inside of its tape."""
        if level:
            tape = self._tape(level)
            count = len({self.graph.nodes[i].inputs[0] for i in self._gradients(level)})
            persistent = "persistent=True" if count > 1 else ""
            self.block.line(f"with {self.backend.tape}({persistent}) as {tape}:")
            self.block.depth += 1
            start = len(self.block.lines)
            for i in self._watched(level):
                self.block.line(f"{tape}.watch({self.names[i]})")
            self._record(level - 1)
            if len(self.block.lines) == start:
                self.block.line("pass")
            self.block.depth -= 1
        for i in self.program:
            if self.graph.levels[i] == level and i not in self.done:
                self._emit(i, level)

    def _emit(self, position: int, level: int) -> None:
        if self.graph.nodes[position].op == "grad":
            self._gradient(position, level)
            return
        self.statement(position)
        for above in range(level + 1, max(self.graph.levels) + 1):
            if position in self._late(above):
                self.block.line(f"{self._tape(above)}.watch({self.names[position]})")

    def _gradient(self, position: int, level: int) -> None:
        group = self.siblings(position, self._gradients(level))
        self.done.update(group)
        target = self.graph.nodes[group[0]].inputs[0]
        sources = [self.graph.nodes[i].inputs[1] for i in group]
        known = all(self.flow.connected(target, s) for s in sources)
        zeros = "" if known else f", unconnected_gradients={self.backend.zero_gradients}"
        results = ", ".join(self.names[i] for i in group)
        wanted = ", ".join(self.names[s] for s in sources)
        if len(group) > 1:
            results, wanted = results, f"[{wanted}]"
        self.block.line(f"{results} = {self._tape(level)}.gradient("
                        f"{self.names[target]}, {wanted}{zeros})")

    def _gradients(self, level: int) -> list[int]:
        return [i for i in self.program
                if self.graph.nodes[i].op == "grad" and self.graph.levels[i] == level]

    def _sources(self, level: int) -> list[int]:
        return sorted({self.graph.nodes[i].inputs[1] for i in self._gradients(level)})

    def _watched(self, level: int) -> list[int]:
        """Sources that are known before the recording starts; a Variable is watched by itself."""
        return [s for s in self._sources(level) if self.graph.nodes[s].op in LEAVES
                and not self._is_variable(s)]

    def _late(self, level: int) -> list[int]:
        """Sources computed inside the recording that nothing watched leads to."""
        watched = [*self._watched(level), *filter(self._is_variable, self.graph.inputs)]
        return [s for s in self._sources(level) if self.graph.nodes[s].op not in LEAVES
                and not any(self.flow.connected(s, w) for w in watched)]

    def _is_variable(self, position: int) -> bool:
        node = self.graph.nodes[position]
        return node.op == "input" and node["kind"] == "variable"

    def _tape(self, level: int) -> str:
        return {1: "tape", 2: "outer_tape"}.get(level, f"tape_{level}")


@dataclass
class Scope:
    """The body of one printed function: what has a name in it, and what it takes from outside."""

    known: dict[int, str]
    cut: frozenset[int] = frozenset()
    functions: dict[tuple[int, tuple[int, ...]], tuple[str, frozenset[int]]] = field(
        default_factory=dict)
    outer: frozenset[int] = frozenset()
    taken: set[int] = field(default_factory=set)


class FunctionalStyle(Emitter):
    """A gradient is asked of a function: the program is cut at the source, which becomes its
    parameter, and whatever does not depend on the source is taken from outside."""

    def body(self) -> None:
        leaves = {i: self.names[i] for i in self.program if self.graph.nodes[i].op in
                  ("input", "constant")}
        scope = Scope(leaves)
        self._compute([o.node for o in self.graph.outputs], scope)

    def _compute(self, goals: list[int], scope: Scope) -> None:
        """Statements for everything that the goals need and the scope does not know."""
        needed = self._needed(goals, scope)
        for i in needed:
            if i in scope.known:
                continue
            if self.graph.nodes[i].op == "grad":
                self._gradient(i, needed, scope)
            elif self.printer.is_statement(i) or i in goals:
                text = self.printer.spell(i, lambda j: self._operand(j, scope)).text
                self.block.line(f"{self.names[i]} = {text}")
                scope.known[i] = self.names[i]

    def _needed(self, goals: Iterable[int], scope: Scope) -> list[int]:
        needed: set[int] = set()
        stack = list(goals)
        while stack:
            i = stack.pop()
            if i in needed or i in scope.known:
                continue
            needed.add(i)
            node = self.graph.nodes[i]
            # the target of a gradient is computed inside the function that is cut out for it
            stack.extend(node.inputs[1:] if node.op == "grad" else node.inputs)
            if node.op == "grad":
                stack.extend(self._free(node.inputs[0], node.inputs[1], scope))
        return sorted(needed)

    def _free(self, target: int, source: int, scope: Scope) -> list[int]:
        """Statements that a function of the source could take from here: shared, not recomputed."""
        return [i for i in self.graph.ancestors[target]
                if source not in self.graph.ancestors[i] and i not in scope.known
                and self.printer.is_statement(i)]

    def _operand(self, position: int, scope: Scope) -> Expr:
        if position in scope.known:
            if position in scope.outer:
                scope.taken.add(position)
            return Expr(scope.known[position])
        return self.printer.spell(position, lambda j: self._operand(j, scope))

    def _gradient(self, position: int, needed: list[int], scope: Scope) -> None:
        group = self._group(position, needed, scope)
        target = self.graph.nodes[position].inputs[0]
        sources = tuple(self.graph.nodes[i].inputs[1] for i in group)
        name = self._function(target, sources, scope)
        arguments = ", ".join(self._operand(s, scope).text for s in sources)
        results = ", ".join(self.names[i] for i in group)
        self.block.line(f"{results} = {self.backend.gradient(name, len(sources))}({arguments})")
        scope.known.update((i, self.names[i]) for i in group)

    def _group(self, position: int, needed: list[int], scope: Scope) -> list[int]:
        """Gradients of one target that one call answers: their sources do not feed each other."""
        ancestors, nodes = self.graph.ancestors, self.graph.nodes
        group: list[int] = []
        for i in self.siblings(position, needed):
            source = nodes[i].inputs[1]
            ready = source in scope.known or not self.printer.is_statement(source)
            apart = all(source not in ancestors[nodes[j].inputs[1]]
                        and nodes[j].inputs[1] not in ancestors[source] for j in group)
            if i == position or (ready and apart and i not in scope.known):
                group.append(i)
        return group if group[0] == position or position in group else [position]

    def _function(self, target: int, sources: tuple[int, ...], scope: Scope) -> str:
        """Print `def target_of_source(source): …` unless an equal one is in reach."""
        if (target, sources) in scope.functions:
            name, free = scope.functions[target, sources]
            scope.taken.update(free & scope.outer)
            return name
        name = self.names.fresh("_".join(
            [self.names[target], "of", *(self.names[s] for s in sources)]))
        inner = self._enter(target, sources, scope)
        self.block.line(f"def {name}({', '.join(self.names[s] for s in sources)}):")
        self.block.depth += 1
        result = self._result(target, inner)
        shape = self.graph.nodes[target].type.shape
        self.block.line(f"return {self.backend.total(result) if shape else result.text}")
        self.block.depth -= 1
        free = frozenset(inner.taken)
        scope.functions[target, sources] = (name, free)
        scope.taken.update(free & scope.outer)
        return name

    def _enter(self, target: int, sources: tuple[int, ...], scope: Scope) -> Scope:
        """The scope of a function of these sources: what depends on them is not known in it."""
        ancestors = self.graph.ancestors

        def fixed(i: int) -> bool:
            return not any(s in ancestors[i] for s in sources)

        for i in scope.cut - set(sources):
            if not fixed(i) and i in ancestors[target]:
                raise Unsupported(
                    f"{self.backend.name} cuts the program into functions, and "
                    f"{self.names[i]!r} ({self.graph.nodes[i].where}) would be a parameter and be "
                    "recomputed from its own inputs at once")
        known = {i: name for i, name in scope.known.items() if fixed(i)}
        functions = {key: value for key, value in scope.functions.items()
                     if all(fixed(i) for i in value[1])}
        outer = frozenset(known)
        known.update((s, self.names[s]) for s in sources)
        cut = frozenset(i for i in scope.cut if fixed(i)) | frozenset(sources)
        return Scope(known, cut, functions, outer)

    def _result(self, target: int, scope: Scope) -> Expr:
        """The target as a return value: an expression where that reads as well as a name."""
        if target in scope.known:
            return self._operand(target, scope)
        node = self.graph.nodes[target]
        used_once = all(target not in self.graph.nodes[i].inputs or i == target
                        for i in self._needed([target], scope))
        if node.op == "grad" or not used_once:
            self._compute([target], scope)
            return self._operand(target, scope)
        self._compute([i for i in node.inputs if self.printer.is_statement(i)], scope)
        return self.printer.spell(target, lambda j: self._operand(j, scope))
