"""One case on the terminal: mathematics, graph, truth, and each backend's code."""

from __future__ import annotations

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.syntax import Syntax
from rich.table import Table

from conformance import runner
from conformance.backends import choose_backends, get_backend, list_backends
from conformance.backends.base import Backend
from conformance.declaration import Case
from conformance.errors import CannotCertify, Unsupported
from conformance.graph import Graph
from conformance.reports.notation import statements
from conformance.reports.terminal import failure


def print_case(case: Case, backends: tuple[str, ...], dtype: str, mode: str,
               console: Console) -> int:
    """Everything about a case; named backends also run. Returns 1 where a verdict is unexpected."""
    chosen = choose_backends(backends)[0] if backends else []
    tasks, errors = runner.plan([case], chosen, (dtype,), (mode,))
    if errors:
        raise errors[0]
    graph = case.graph(dtype)
    console.print(f"[bold]{escape(case.id)}[/]  {case.where}", highlight=False)
    console.print(escape(case.summary), highlight=False)
    _heading(console, "Mathematics")
    for name, values in case.values(dtype).items():
        console.print(f"{name} = {_short(values)}", markup=False, highlight=False)
    for line in statements(graph):
        console.print(line, markup=False, highlight=False)
    _heading(console, "Graph")
    console.print(_graph_table(graph))
    _heading(console, f"Certified derivatives at the {dtype} inputs")
    _print_truths(case, dtype, console)
    for backend in chosen or map(get_backend, list_backends()):
        _heading(console, backend.name)
        _print_program(case, backend, dtype, mode, console)
    return _print_verdicts(tasks, console)


def _heading(console: Console, text: str) -> None:
    console.print(f"\n[bold]{escape(text)}[/]", highlight=False)


def _graph_table(graph: Graph) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("node", "operator", "operands", "type", "name", "written at"):
        table.add_column(column)
    for position, node in enumerate(graph.nodes):
        parameters = ", ".join(f"{k}={v!r}" for k, v in node.parameters)
        table.add_row(str(position), escape(f"{node.op} {parameters}"),
                      " ".join(map(str, node.inputs)), escape(str(node.type)), node.name or "",
                      str(node.where or ""))
    return table


def _print_truths(case: Case, dtype: str, console: Console) -> None:
    for name, truth in runner.truths(case, dtype).items():
        if isinstance(truth, CannotCertify):
            console.print(f"{name}: cannot certify: {truth}", markup=False, highlight=False)
        else:
            radius = float(np.max(truth.radius, initial=0.0))
            console.print(f"{name} = {_short(truth.hi)}  ± {radius:.0e}", markup=False,
                          highlight=False)


def _print_program(case: Case, backend: Backend, dtype: str, mode: str,
                   console: Console) -> None:
    try:
        program = backend.program(case.graph(dtype), case.values(dtype), mode=mode,
                                  title=case.name)
    except Unsupported as error:
        console.print(f"unsupported: {error}", markup=False, highlight=False)
        return
    if console.is_terminal:
        console.print(Syntax(program.source.rstrip(), "python", background_color="default"))
    else:
        console.print(program.source.rstrip(), markup=False, highlight=False, soft_wrap=True)


def _print_verdicts(tasks: list[runner.Task], console: Console) -> int:
    unexpected = False
    if tasks:
        _heading(console, "Verdicts")
    for task, outcome in runner.evaluations(tasks, 1, runner.TIMEOUT):
        verdicts, stale = runner.judge(task, outcome)
        for verdict in verdicts:
            console.print(failure(verdict), markup=False, highlight=False)
        for line in stale:
            console.print(line, markup=False, highlight=False)
        unexpected |= bool(stale) or not all(v.expected for v in verdicts)
    return int(unexpected)


def _short(values: np.ndarray) -> str:
    return np.array2string(np.asarray(values), precision=17, separator=", ", threshold=64,
                           floatmode="unique")
