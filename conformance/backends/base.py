"""What a backend is: a way to write a graph down, and to run what was written."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import linecache
import time
import traceback
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from conformance.backends.printing import BARE, Block, Printer, Spelling
from conformance.backends.styles import Emitter
from conformance.errors import MissingFramework, Unsupported
from conformance.graph import Graph


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
    distribution: ClassVar[str]  # what holds its version
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
        """Source of an input; `differentiated` inputs lie on a path to a gradient."""
        return self.array(values, dtype)

    def setup(self, dtype: str) -> tuple[str, ...]:
        """Lines that a fresh interpreter needs before the first array."""
        return ()

    def to_numpy(self, value: Any) -> np.ndarray:
        """A result as a NumPy array of the same dtype."""
        return np.asarray(value)

    def synchronize(self, values: Mapping[str, Any]) -> None:
        """Wait until the results are computed, where a framework answers before that."""

    # --- what all backends share ---------------------------------------------------------------

    def installed(self) -> bool:
        """Whether the framework can be found; it is not imported."""
        return importlib.util.find_spec(self.module) is not None

    def version(self) -> str:
        """The framework's version; raises MissingFramework."""
        try:
            return importlib.metadata.version(self.distribution)
        except importlib.metadata.PackageNotFoundError:
            raise MissingFramework(self.missing()) from None

    def missing(self) -> str:
        """What to say, and to do, when the framework is not there."""
        remedy = f"pip install 'gradient-conformance[{self.extra}]'" if self.extra else (
            f"install {self.distribution}")
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
        printer = Printer(self, graph)
        body = Block(depth=1)
        self.style(printer, body).body()
        body.line(f"return {printer.results()}")
        head = Block(list(self.imports))
        head.lines += ["", *self.setup(dtype)]
        names = []
        for position in graph.inputs:
            node = graph.nodes[position]
            text = self.leaf(values[node["name"]], node.type.dtype, kind=node["kind"],
                             differentiated=position in differentiated(graph))
            names.append(printer.names[position])
            head.line(f"{names[-1]} = {text}")
        printer.constants(head)
        parameters = ", ".join(names)
        source = "\n".join([
            *head.lines, "", "", *self.decorators(mode), f"def derivatives({parameters}):",
            *body.lines, "", "", 'if __name__ == "__main__":',
            f"    for name, value in derivatives({parameters}).items():",
            '        print(name, "=", value)', ""])
        return Program(source, tuple(names), f"<{self.name} {title} {dtype} {mode}>")

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
        """Print, compile and run once. What the framework raises is data; raises Unsupported."""
        program = self.program(graph, values, mode=mode, title=title)
        started = time.perf_counter()
        try:
            derivatives, inputs = self.load(program)
            started = time.perf_counter()
            results = derivatives(*inputs)
            self.synchronize(results)
            seconds = time.perf_counter() - started
            arrays = {name: None if value is None else self.to_numpy(value)
                      for name, value in results.items()}
        except Exception as error:  # whatever a framework raises is its answer
            return Evaluation(seconds=time.perf_counter() - started, source=program.source,
                              error=describe(error, program))
        return Evaluation(arrays, seconds, program.source)


def describe(error: BaseException, program: Program) -> str:
    """The error's type and text, and the printed line that raised it."""
    frames = [f for f in traceback.extract_tb(error.__traceback__)
              if f.filename == program.filename]
    place = f", at line {frames[-1].lineno} of the printed code: {frames[-1].line}" if frames else ""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:500]}{place}"


def graph_dtype(graph: Graph) -> str:
    """The floating-point dtype that the graph was traced for."""
    return next(node.type.dtype for node in graph if node.type.is_float)


def differentiated(graph: Graph) -> frozenset[int]:
    """Inputs that a gradient is asked for, or that lead to an intermediate source."""
    found: set[int] = set()
    sources = {node.inputs[1] for node in graph if node.op == "grad"}
    found.update(s for s in sources if graph.nodes[s].op == "input")
    for source in sources:
        leading = graph.ancestors[source] & set(graph.inputs)
        if not leading & found:
            found.update(i for i in leading if graph.nodes[i].type.is_float)
    return frozenset(found)
