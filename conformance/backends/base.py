"""What a backend is: a way to write a graph down, and to run what was written."""

from __future__ import annotations

import ast
import contextlib
import importlib
import importlib.metadata
import importlib.util
import linecache
import re
import time
import traceback
import warnings
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from conformance.backends.layout import Block
from conformance.backends.printing import BARE, Printer, Spelling
from conformance.backends.styles import Emitter
from conformance.errors import MissingFramework, Unsupported
from conformance.formats import numpy_dtype
from conformance.graph import LEAVES, Graph
from conformance.lowering import lowered


@dataclass(frozen=True)
class Program:
    """A graph as one framework's source.

    source: runs on its own when pasted into a fresh interpreter, and prints the derivatives.
    inputs: the names, in `source`, of what `derivatives` takes.
    """

    source: str
    inputs: tuple[str, ...]
    filename: str


@dataclass(frozen=True)
class Evaluation:
    """What a backend answered: arrays (None where it answered None) by name, or its error.

    seconds: of the one call that was made, first-call costs included.
    """

    values: Mapping[str, np.ndarray | None] = field(default_factory=dict)
    seconds: float = 0.0
    source: str = ""
    error: str = ""


class Backend(ABC):
    """One framework: its spellings, and its way of asking for a gradient.

    A backend is a printer. `program` writes a graph as the source that a user of the framework
    would write; `load` compiles that source, and `evaluate` runs it.
    """

    name: ClassVar[str]
    module: ClassVar[str]  # what is imported
    distribution: ClassVar[str]  # what holds its version, or those that may, with | between
    extra: ClassVar[str] = ""  # conformance[extra] installs it
    namespace: ClassVar[str]  # what spells an operator that `spellings` does not name
    imports: ClassVar[tuple[str, ...]]
    reserved: ClassVar[tuple[str, ...]]  # identifiers that a case's names must not take
    style: ClassVar[type[Emitter]]
    spellings: ClassVar[Mapping[str, Spelling | None]] = {}  # None: the framework lacks it
    bare: ClassVar[frozenset[str]] = BARE  # operators that take Python numbers as they are
    dtypes: ClassVar[tuple[str, ...]] = ("float32", "float64")
    modes: ClassVar[tuple[str, ...]] = ("reverse",)

    # --- what a framework's own file says ------------------------------------------------------

    @abstractmethod
    def array(self, values: np.ndarray, dtype: str) -> str:
        """Source of an array of this dtype that does not ask for gradients."""

    def leaf(self, values: np.ndarray, dtype: str, *, kind: str, differentiated: bool) -> str:
        """Source of an input or a constant; `differentiated` ones are asked a gradient for."""
        return self.array(values, dtype)

    def setup(self, dtype: str) -> tuple[str, ...]:
        """Lines that a fresh interpreter needs before the first array."""
        return ()

    def to_numpy(self, value: Any) -> np.ndarray:
        """A result as a NumPy array of the same dtype."""
        return np.asarray(value)

    def synchronize(self, values: Mapping[str, Any]) -> None:  # noqa: B027 - most need not wait
        """Wait until the results are computed, where a framework answers before that."""

    # --- what all backends share ---------------------------------------------------------------

    def needs(self) -> tuple[str, ...]:
        """The attributes that a backend of this style must have."""
        own = ("name", "module", "distribution", "namespace", "imports", "reserved", "style")
        return (*own, *getattr(getattr(self, "style", None), "needs", ()))

    def installed(self) -> bool:
        """Whether the framework can be found; it is not imported."""
        try:
            return importlib.util.find_spec(self.module) is not None
        except ModuleNotFoundError:  # the parent of a dotted name
            return False

    def version(self) -> str:
        """The framework's version, "unknown" without a distribution; raises MissingFramework."""
        found = installed_version(self.distribution)
        if found is None and not self.installed():
            raise MissingFramework(self.missing())
        return found or "unknown"

    def framework(self) -> ModuleType:
        """The framework itself, imported."""
        return importlib.import_module(self.module)

    def missing(self) -> str:
        """What to say, and to do, when the framework is not there."""
        remedy = f"pip install 'gradient-conformance[{self.extra}]'" if self.extra else (
            f"install {self.distribution.partition('|')[0]}")
        return f"{self.name} is not installed: {remedy}"

    def program(self, graph: Graph, values: Mapping[str, np.ndarray], *, mode: str = "reverse",
                title: str = "case") -> Program:
        """The graph as this framework's source.

        values: input name -> array in the graph's dtype. Raises Unsupported.
        """
        dtype = graph_dtype(graph)
        if mode not in self.modes:
            raise Unsupported(f"{self.name} has no mode {mode!r}, only {', '.join(self.modes)}")
        if dtype not in self.dtypes:
            raise Unsupported(f"{self.name} has no {dtype}")
        graph = lowered(graph)
        printer = Printer(self, graph)
        body = Block(depth=1)
        self.style(printer, body).body()
        body.line(f"return {printer.results()}")
        head, names = self._leaves(printer, values)
        parameters = ", ".join(names)
        code = Block([*head.lines, "", "", *self.decorators(mode)])
        code.line(f"def derivatives({parameters}):")
        code.lines += [*body.lines, "", "", 'if __name__ == "__main__":']
        code.depth = 1
        code.line(f"for name, value in derivatives({parameters}).items():")
        code.depth = 2
        code.line('print(name, "=", value)')
        setup = self.setup(dtype)
        text = "\n".join([*setup, *([""] if setup else []), *code.lines, ""])
        used = [line for line in self.imports
                if re.search(rf"\b{line.split()[-1]}\b", text)]
        source = "\n".join([*used, "", text])
        return Program(source, tuple(names), f"<{self.name} {title} {dtype} {mode}>")

    def _leaves(self, printer: Printer,
                values: Mapping[str, np.ndarray]) -> tuple[Block, list[str]]:
        """Lines for the inputs and the constants that are used, and the inputs' names."""
        graph, block, names = printer.graph, Block(), []
        sources = differentiated(graph)
        for position in [*graph.inputs, *sorted(graph.program() - set(graph.inputs))]:
            node = graph.nodes[position]
            if node.op == "input":
                array, kind = values[node["name"]], node["kind"]
                names.append(printer.names[position])
            elif node.op == "constant":
                array, kind = np.array(node["value"], numpy_dtype(node.type.dtype)), "constant"
            else:
                continue
            text = self.leaf(array.reshape(node.type.shape), node.type.dtype, kind=kind,
                             differentiated=position in sources)
            block.line(f"{printer.names[position]} = {text}")
        return block, names

    def decorators(self, mode: str) -> tuple[str, ...]:
        """Lines above the function, as a mode needs them."""
        return ()

    def load(self, program: Program) -> tuple[Any, tuple[Any, ...]]:
        """Compile the source, show it to tracebacks, and return `derivatives` and its inputs."""
        lines = program.source.splitlines(keepends=True)
        linecache.cache[program.filename] = (len(program.source), None, lines, program.filename)
        namespace: dict[str, Any] = {"__name__": "printed"}
        exec(compile(program.source, program.filename, "exec"), namespace)
        return namespace["derivatives"], tuple(namespace[name] for name in program.inputs)

    def evaluate(self, graph: Graph, values: Mapping[str, np.ndarray], *, mode: str = "reverse",
                 title: str = "case") -> Evaluation:
        """Print, compile and run once. What the framework raises is data; raises Unsupported.

        What it warns of is not shown, nor made an error: an answer does not depend on filters.
        """
        program = self.program(graph, values, mode=mode, title=title)
        started = time.perf_counter()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                derivatives, inputs = self.load(program)
                started = time.perf_counter()
                results = derivatives(*inputs)
                self.synchronize(results)
                seconds = time.perf_counter() - started
                arrays = {name: None if value is None else self.to_numpy(value)
                          for name, value in results.items()}
            except SyntaxError:  # the printer's fault, and nobody's answer
                raise
            except Exception as error:  # whatever a framework raises is its answer
                return Evaluation(seconds=time.perf_counter() - started, source=program.source,
                                  error=describe(error, program))
        return Evaluation(arrays, seconds, program.source)


@cache
def installed_version(distributions: str) -> str | None:
    """The version of the first of `a|b|…` that is installed; reading metadata is slow."""
    for distribution in distributions.split("|"):
        with contextlib.suppress(importlib.metadata.PackageNotFoundError):
            return importlib.metadata.version(distribution)
    return None


def describe(error: BaseException, program: Program) -> str:
    """The error's type and text, and the printed statement that raised it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__)
             if frame.filename == program.filename]
    place = (f", at line {lines[-1]} of the printed code: {_statement(program.source, lines[-1])}"
             if lines else "")
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:500]}{place}"


def _statement(source: str, line: int) -> str:
    """The statement around a line, as one line."""
    around = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.stmt)
              and node.lineno <= line <= node.end_lineno]
    innermost = max(around, key=lambda node: (node.lineno, -node.end_lineno))
    text = "".join(part.strip() for part in ast.get_source_segment(source, innermost).splitlines())
    return re.sub(r",([^ )\]}])", r", \1", text)


def graph_dtype(graph: Graph) -> str:
    """The floating-point dtype that the graph was traced for."""
    return next(node.type.real.dtype for node in graph if node.type.is_inexact)


def differentiated(graph: Graph) -> frozenset[int]:
    """The leaves that the program asks a gradient for."""
    sources = (graph.nodes[i].inputs[1] for i in graph.program() if graph.nodes[i].op == "grad")
    return frozenset(s for s in sources if graph.nodes[s].op in LEAVES)
