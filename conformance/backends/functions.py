"""Gradients that are asked of a function: the program is cut at the source, its parameter."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from conformance.backends.layout import Block
from conformance.backends.printing import SUM, Expr
from conformance.backends.styles import Emitter
from conformance.graph import LEAVES


@dataclass(eq=False)
class Scope:
    """The body of one printed function.

    wanted: the nodes that its result needs; here: those outside of the functions in it.
    cut: the nodes that are its parameters; what is computed from these is computed in here.
    shifts: a cut node that has to be computed all the same -> the parameter that is added to it.
    """

    block: Block
    wanted: frozenset[int]
    here: frozenset[int]
    parent: Scope | None = None
    cut: frozenset[int] = frozenset()
    known: dict[int, str] = field(default_factory=dict)
    functions: dict[tuple[int, tuple[int, ...]], str] = field(default_factory=dict)
    shifts: dict[int, str] = field(default_factory=dict)


class FunctionalStyle(Emitter):
    """`grad(f)(x)`: each gradient's program becomes a function of its source.

    What does not depend on the source is computed outside, where the function finds it; a
    function is printed as far outside as it can be, and once.
    """

    needs = ("gradient", "total")  # of the backend: how to differentiate, how to sum

    def body(self) -> None:
        goals = [output.node for output in self.graph.outputs]
        scope = Scope(self.block, self._wanted(goals), self._wanted(goals, skip=1))
        self._ensure(goals, scope)

    # --- statements ----------------------------------------------------------------------------

    def _ensure(self, positions: Iterable[int], scope: Scope) -> None:
        """Statements for these nodes, in the program's order, each in the scope it belongs to."""
        for i in sorted(positions):
            if self._known(i, scope) is None:
                home = self._home(i, scope)
                if self.graph.nodes[i].op == "grad":
                    self._gradients(i, home)
                else:
                    text = self._value(i, home).text
                    home.block.line(f"{self.names[i]} = {text}")
                    home.known[i] = self.names[i]

    def _value(self, position: int, scope: Scope) -> Expr:
        """A node's own expression, after the statements that it needs."""
        self._ensure(self._statements_below(position, scope), scope)
        return self._spelled(position, scope)

    def _spelled(self, position: int, scope: Scope) -> Expr:
        if self.graph.nodes[position].op == "grad":
            value = Expr(self._call([position], scope))
        else:
            value = self.printer.spell(position, lambda i: self._operand(i, scope))
        shift = self._shift(position, scope)
        return Expr(f"{value.within(SUM)} + {shift}", SUM) if shift else value

    def _operand(self, position: int, scope: Scope) -> Expr:
        name = self._known(position, scope)
        return Expr(name) if name is not None else self._spelled(position, scope)

    def _statements_below(self, position: int, scope: Scope) -> set[int]:
        """The statements that are missing before a node's expression can be written."""
        found: set[int] = set()
        seen, stack = {position}, [position]
        while stack:
            node = self.graph.nodes[stack.pop()]
            for i in node.inputs[1:] if node.op == "grad" else node.inputs:
                if i not in seen and self._known(i, scope) is None:
                    seen.add(i)
                    stack.append(i)
                    if self._is_statement(i, scope):
                        found.add(i)
        return found

    def _is_statement(self, position: int, scope: Scope) -> bool:
        """Whether it is named, used more than once here, or answered together with others."""
        if self.printer.is_named(position):
            return True
        home = self._home(position, scope)
        if self.graph.nodes[position].op == "grad" and len(self._group(position, home)) > 1:
            return True
        return sum(position in self.graph.nodes[i].inputs for i in home.wanted) > 1

    # --- scopes --------------------------------------------------------------------------------

    def _known(self, position: int, scope: Scope | None) -> str | None:
        """The name that a node has in a scope, if any."""
        if self.graph.nodes[position].op in LEAVES:
            return self.names[position]
        while scope is not None:
            if position in scope.known:
                return scope.known[position]
            if not self._fixed(position, scope):
                return None
            scope = scope.parent
        return None

    def _fixed(self, position: int, scope: Scope) -> bool:
        """Whether a node is the same in every call of the scope's function."""
        return not scope.cut & self.graph.ancestors[position]

    def _home(self, position: int, scope: Scope) -> Scope:
        """The outermost scope in which a node can be computed."""
        while scope.parent is not None and self._fixed(position, scope):
            scope = scope.parent
        return scope

    def _shift(self, position: int, scope: Scope | None) -> str | None:
        while scope is not None:
            if position in scope.shifts:
                return scope.shifts[position]
            scope = scope.parent
        return None

    def _wanted(self, goals: Iterable[int], cut: Iterable[int] = (), *,
                skip: int = 0) -> frozenset[int]:
        """What the goals are computed from, down to where the program is cut.

        skip: 1 leaves out the targets of gradients, which are computed in functions.
        """
        found: set[int] = set()
        stack = list(goals)
        while stack:
            i = stack.pop()
            if i not in found:
                found.add(i)
                node = self.graph.nodes[i]
                if i not in cut:
                    stack.extend(node.inputs[skip:] if node.op == "grad" else node.inputs)
        return frozenset(found)

    # --- gradients -----------------------------------------------------------------------------

    def _gradients(self, position: int, scope: Scope) -> None:
        """A statement for a gradient and those that the same call answers."""
        group = self._group(position, scope)
        needed = set().union(*(self._statements_below(i, scope) for i in group))
        self._ensure(needed, scope)
        answer = self._call(group, scope) if group[1:] else self._spelled(position, scope).text
        scope.block.line(f"{', '.join(self.names[i] for i in group)} = {answer}")
        scope.known.update((i, self.names[i]) for i in group)

    def _group(self, position: int, scope: Scope) -> list[int]:
        """Gradients of one target that one call answers: their sources do not feed each other."""
        group = [position]
        if self._is_alone(position, scope):
            return group
        for i in self.siblings(position, sorted(scope.here & set(self.gradients()))):
            if not self._is_alone(i, scope) and all(
                    self._apart(self.source(i), self.source(j)) for j in group):
                group.append(i)
        return sorted(group)

    def _is_alone(self, position: int, scope: Scope) -> bool:
        """Whether it is complex or has a shift: inside of its function, or added to its answer."""
        return (self.graph.nodes[position].type.is_complex
                or self._shift(position, scope) is not None
                or self._needs_shift(self.target(position), self.source(position)))

    def _apart(self, a: int, b: int) -> bool:
        return a not in self.graph.ancestors[b] and b not in self.graph.ancestors[a]

    def _call(self, group: list[int], scope: Scope) -> str:
        """`grad(target_of_source)(source)`."""
        target, sources = self.target(group[0]), tuple(self.source(i) for i in group)
        arguments = [self._operand(s, scope).text for s in sources]
        if self._needs_shift(target, sources[0]):
            arguments = [f"{self.backend.namespace}.zeros_like({arguments[0]})"]
        function = self._function(target, sources, scope)
        call = f"{self.backend.gradient(function, len(sources))}({', '.join(arguments)})"
        if self.graph.nodes[sources[0]].type.is_complex:  # such engines answer the conjugate
            return f"{self.backend.namespace}.conj({call})"
        return call

    def _function(self, target: int, sources: tuple[int, ...], scope: Scope) -> str:
        """The function from sources to target: a name, or the gradient of another function."""
        node, shifted = self.graph.nodes[target], self._needs_shift(target, sources[0])
        if (node.op == "grad" and node.inputs[1:] == sources and not node.type.shape
                and not node.type.is_complex and not shifted):
            return self.backend.gradient(self._function(node.inputs[0], sources, scope), 1)
        wanted = self._wanted([target], () if shifted else sources)
        while scope.parent is not None and not scope.cut & (wanted - set(sources)):
            scope = scope.parent
        if (target, sources) not in scope.functions:
            scope.functions[target, sources] = self._define(target, sources, wanted, scope)
        return scope.functions[target, sources]

    def _define(self, target: int, sources: tuple[int, ...], wanted: frozenset[int],
                scope: Scope) -> str:
        """Print `def target_of_source(source): …`."""
        cut = frozenset(sources)
        inner = Scope(Block(depth=scope.block.depth + 1), wanted,
                      self._wanted([target], cut, skip=1), scope, cut)
        parameters = [self.names[s] for s in sources]
        name = self.names.fresh("_".join([self.names[target], "of", *parameters]))
        if self._needs_shift(target, sources[0]):
            parameters = [self.names.fresh("shift")]
            inner.shifts[sources[0]] = parameters[0]
        else:
            inner.known.update(zip(sources, parameters, strict=True))
        result = self._result(target, inner)
        total = self.backend.total(result) if self.graph.nodes[target].type.shape else result.text
        if self.graph.nodes[target].type.is_complex:
            total = f"{self.backend.namespace}.real({total})"
        inner.block.line(f"return {total}")
        scope.block.line(f"def {name}({', '.join(parameters)}):")
        scope.block.lines += inner.block.lines
        return name

    def _result(self, target: int, scope: Scope) -> Expr:
        """The target as a return value."""
        if self._known(target, scope) is None and self._fixed(target, scope):
            self._ensure([target], scope)
        return self._operand(target, scope) if self._known(target, scope) else (
            self._value(target, scope))

    def _needs_shift(self, target: int, source: int) -> bool:
        """Whether a gradient inside of the target goes back over what the source is computed from.

        Such a source cannot be a parameter, as it has to be computed again from the inner source:
        `y = f(x) + shift` is differentiated with respect to the shift, at zero.
        """
        ancestors = self.graph.ancestors
        return any(
            self.graph.nodes[i].op == "grad" and source in ancestors[self.target(i)]
            and self.source(i) != source and self.source(i) in ancestors[source]
            for i in ancestors[target])
