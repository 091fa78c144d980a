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
from conformance.oracle import Kink
from conformance.reports.failure import merged
from conformance.reports.notation import statements
from conformance.reports.terminal import print_failure, say
from conformance.workers import outcomes

LONGEST_PARAMETER = 60


def print_case(case: Case, backends: tuple[str, ...], dtype: str, mode: str,
               console: Console) -> int:
    """Everything about a case; named backends also run. Returns 1 where a verdict is unexpected."""
    chosen = choose_backends(backends)[0] if backends else []
    shown = chosen or [get_backend(name) for name in list_backends()]
    runner.plan([], shown, (dtype,), (mode,))  # refuses unknown names
    tasks, errors = runner.plan([case], chosen, (dtype,), (mode,))
    if errors:
        raise errors[0]
    graph = case.graph(dtype)
    say(console, f"{case.id}  {case.where}", "bold")
    say(console, case.summary)
    _heading(console, "Mathematics")
    for name, values in case.values(dtype).items():
        say(console, _equation(name, values))
    for line in statements(graph):
        say(console, line)
    _heading(console, "Graph")
    console.print(_graph_table(graph))
    _heading(console, f"Certified derivatives at the {dtype} inputs")
    _print_truths(case, dtype, console)
    for backend in shown:
        _heading(console, f"{backend.name} {backend.version()}" if backend.installed()
                 else f"{backend.name} (not installed)")
        _print_program(case, backend, dtype, mode, console)
    return _print_verdicts(tasks, console)


def _heading(console: Console, text: str) -> None:
    say(console, f"\n{text}", "bold")


def _graph_table(graph: Graph) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in ("node", "operator", "operands", "type", "name", "written at"):
        table.add_column(column)
    outputs: dict[int, list[str]] = {}
    for output in graph.outputs:
        outputs.setdefault(output.node, []).append(output.name)
    for position, node in enumerate(graph.nodes):
        parameters = ", ".join(f"{k}={_cut(repr(v))}" for k, v in node.parameters)
        names = [node.name] if node.name else outputs.get(position, [])
        table.add_row(str(position), escape(f"{node.op} {parameters}"),
                      " ".join(map(str, node.inputs)), escape(str(node.type)),
                      escape(", ".join(names)), str(node.where or ""))
    return table


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_PARAMETER else f"{text[:LONGEST_PARAMETER - 1]}…"


def _print_truths(case: Case, dtype: str, console: Console) -> None:
    for name, truth in runner.truths(case, dtype).items():
        if isinstance(truth, CannotCertify):
            say(console, f"{name}: cannot certify: {truth}")
        elif isinstance(truth, Kink):
            say(console, f"{name}: at a kink; its limits, between which every mixture is right:")
            for limit in truth.limits:
                say(console, f"    {_equation(name, limit.hi)}")
        else:
            radius = float(np.max(truth.radius, initial=0.0))
            say(console, f"{_equation(name, truth.hi)}  {f'± {radius:.0e}' if radius else 'exact'}")


def _print_program(case: Case, backend: Backend, dtype: str, mode: str,
                   console: Console) -> None:
    try:
        program = backend.program(case.graph(dtype), case.values(dtype), mode=mode,
                                  title=case.name)
    except Unsupported as error:
        say(console, f"unsupported: {error}")
        return
    if console.is_terminal:
        console.print(Syntax(program.source.rstrip(), "python", background_color="default"),
                      soft_wrap=True)
    else:
        say(console, program.source.rstrip())


def _print_verdicts(tasks: list[runner.Task], console: Console) -> int:
    answers = dict(outcomes((task.call for task in tasks), 1, runner.TIMEOUT))
    judged = [runner.judge(task, answers[position]) for position, task in enumerate(tasks)]
    verdicts = [verdict for found, _ in judged for verdict in found]
    stale = [line for _, lines in judged for line in lines]
    if verdicts:
        _heading(console, "Verdicts")
    for failure in merged(verdicts, verdicts):
        print_failure(failure, console, command=False)
    for line in stale:
        say(console, line)
    return int(bool(stale) or not all(verdict.expected for verdict in verdicts))


def _equation(name: str, values: np.ndarray) -> str:
    """`x = [...]`, with the rows of a matrix under one another."""
    text = np.array2string(np.asarray(values), separator=", ", threshold=64, floatmode="unique",
                           prefix=f"{name} = ")
    return f"{name} = {text}"
