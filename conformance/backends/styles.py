"""How a program asks for gradients of what it recorded: the common part, and tapes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from conformance.analysis import Flow
from conformance.backends.layout import Block
from conformance.backends.printing import Expr, Printer
from conformance.graph import LEAVES

# a tape for each level of nested gradients, innermost first
TAPES = ("tape", "outer_tape", *(f"tape_{level}" for level in range(3, 10)))


class Emitter:
    """Writes the body of the printed function; a style is a subclass of it.

    through_result: operators whose gradient the framework computes from their result.
    """

    through_result: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, printer: Printer, block: Block) -> None:
        self.printer = printer
        self.block = block
        self.graph = printer.graph
        self.names = printer.names
        self.backend = printer.backend
        self.flow = Flow(printer.graph, self.through_result)
        self.program = sorted(printer.graph.program())

    def body(self) -> None:
        """Write the statements that compute every output."""
        raise NotImplementedError

    def expression(self, position: int) -> Expr:
        """A node as source: its name, or the expression that it is inlined as."""
        if self.graph.nodes[position].op in LEAVES or self.printer.is_statement(position):
            return Expr(self.names[position])
        return self.printer.spell(position, self.expression)

    def statement(self, position: int) -> None:
        """`name = expression`, if the node has a line of its own."""
        if self.printer.is_statement(position):
            value = self.printer.spell(position, self.expression)
            self.block.line(f"{self.names[position]} = {value.text}")

    def gradients(self) -> list[int]:
        """The program's gradients, in order."""
        return [i for i in self.program if self.graph.nodes[i].op == "grad"]

    def target(self, position: int) -> int:
        """What a gradient differentiates."""
        return self.graph.nodes[position].inputs[0]

    def source(self, position: int) -> int:
        """What a gradient is taken with respect to."""
        return self.graph.nodes[position].inputs[1]

    def siblings(self, position: int, among: Iterable[int]) -> list[int]:
        """The gradients of the same target among these, one for each source."""
        found = {self.source(position): position}
        for i in among:
            if self.target(i) == self.target(position):
                found.setdefault(self.source(i), i)
        return sorted(found.values())

    def untracked(self, sources: Iterable[int], tracked: Iterable[int]) -> list[int]:
        """Computed sources that no derivative leads to from what is tracked or from one another."""
        tracked, found = list(tracked), []
        for s in sorted(sources):
            if self.graph.nodes[s].op not in LEAVES and not any(
                    self.flow.connected(s, t) for t in tracked):
                tracked.append(s)
                found.append(s)
        return found


class TapeStyle(Emitter):
    """One tape a level of nested gradients; the innermost records the program itself.

    A node of level k is computed while the tapes of the levels above k record, and its gradients
    are asked of tape k once that tape has closed.
    """

    needs = ("tape", "zero_gradients")  # of the backend: what opens a tape; what asks for zeros

    def body(self) -> None:
        top = max(self.graph.levels[i] for i in self.program)
        self.calls = {level: self._calls(level) for level in range(1, top + 1)}
        self.late = {level: self._late(level) for level in range(1, top + 1)}
        self._record(top)

    def _record(self, level: int) -> None:
        """The nodes up to this level: those below it inside of its tape."""
        if level:
            persistent = "persistent=True" if len(self.calls[level]) > 1 else ""
            self.block.line(f"with {self.backend.tape}({persistent}) as {self._tape(level)}:")
            self.block.depth += 1
            start = len(self.block.lines)
            for i in self._watched(level):
                self.block.line(f"{self._tape(level)}.watch({self.names[i]})")
            self._record(level - 1)
            if len(self.block.lines) == start:
                self.block.line("pass")
            self.block.depth -= 1
        calls = {call[0]: call for call in self.calls.get(level, ())}
        for i in self.program:
            if i in calls:
                self.gradient(calls[i], self._tape(level))
            if self.graph.levels[i] == level:
                if self.graph.nodes[i].op != "grad":
                    self.statement(i)
                for above in range(level + 1, max(self.calls, default=0) + 1):
                    if i in self.late[above]:
                        self.block.line(f"{self._tape(above)}.watch({self.names[i]})")

    def gradient(self, call: list[int], tape: str) -> None:
        """Ask a tape for the gradients of one target."""
        target, sources = self.target(call[0]), [self.source(i) for i in call]
        connected = all(self.flow.connected(target, s) for s in sources)
        zeros = "" if connected else f", unconnected_gradients={self.backend.zero_gradients}"
        results = ", ".join(self.names[i] for i in call)
        wanted = ", ".join(self.names[s] for s in sources)
        wanted = f"[{wanted}]" if len(call) > 1 else wanted
        self.block.line(f"{results} = {tape}.gradient({self.names[target]}, {wanted}{zeros})")

    def _calls(self, level: int) -> list[list[int]]:
        """This level's gradients, those of one target together."""
        waiting = [i for i in self.gradients() if self.graph.levels[i] == level]
        calls = []
        while waiting:
            calls.append(self.siblings(waiting[0], waiting))
            waiting = [i for i in waiting if i not in calls[-1]]
        return calls

    def _sources(self, level: int) -> list[int]:
        return sorted({self.source(i) for call in self.calls[level] for i in call})

    def _watched(self, level: int) -> list[int]:
        """Sources that are known before the recording starts; a Variable is watched by itself."""
        return [s for s in self._sources(level) if self.graph.nodes[s].op in LEAVES
                and not self._is_variable(s)]

    def _late(self, level: int) -> list[int]:
        """Sources computed inside the recording that nothing watched leads to."""
        variables = [i for i in self.graph.inputs if self._is_variable(i)]
        return self.untracked(self._sources(level), [*self._watched(level), *variables])

    def _is_variable(self, position: int) -> bool:
        node = self.graph.nodes[position]
        return node.op == "input" and node["kind"] == "variable"

    def _tape(self, level: int) -> str:
        return TAPES[level - 1]


def as_variable(array: str, namespace: str) -> str:
    """A Variable of the array that this source makes."""
    made, constant = f"{namespace}.Variable(", f"{namespace}.constant("
    return made + (array.removeprefix(constant) if array.startswith(constant) else f"{array})")
