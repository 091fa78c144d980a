"""Cases and their certified derivatives as JSON, for engines in any language."""

from __future__ import annotations

import hashlib
import json
import math
import os
import shutil
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePath
from typing import Any

import numpy as np

from conformance import __version__, runner
from conformance.comparison import ulp
from conformance.declaration import Case
from conformance.errors import CannotCertify, CaseError, UsageError
from conformance.graph import Graph
from conformance.oracle import Kink, Truth

VECTOR = "conformance-vector"
INDEX = "conformance-vectors"
VERSION = 1
COUNTED = ("vectors", "derivatives", "elements", "certified", "kinks", "refused")
# what a consumer that has nothing but the files must know; docs/vectors.md has the whole
CONVENTIONS = {
    "numbers": "floats are C99 hexadecimal strings, or inf, -inf and nan; arrays are flat, in "
               "row-major order, beside their shape; complex ones are their real and imaginary "
               "parts, along one more axis of length 2, the last",
    "grad": "grad(target, source) is the gradient of sum(target), in the shape of source, which "
            "may be an intermediate value; zeros where no derivative flows; it nests; of a "
            "complex target the real part counts, and for a complex source a + ib it is the slope "
            "for a plus i times that for b",
    "broadcasting": "operands of unequal shapes broadcast as in NumPy and the array API standard",
    "literals": "a number in the program is rounded to its node's dtype before it is used; "
                "nothing is promoted but real beside complex",
    "kinks": "where a derivative is a set, kink has its limits: an answer agrees that agrees with "
             "a limit, or is a mixture of them; conventions name some answers, each by the branch "
             "that each operator's ties take",
    "comparison": "a finite answer agrees when abs((got - hi) - lo) <= allowance + radius, in "
                  "float64; a null allowance means that rounding explains any answer; a NaN, an "
                  "absent gradient, another shape or another dtype never agrees",
}


def vector(case: Case, dtype: str) -> dict[str, Any]:
    """One case in one dtype: the document that `schemas/vector.schema.json` describes."""
    graph, values, truths = case.graph(dtype), case.values(dtype), runner.truths(case, dtype)
    return {
        "format": VECTOR,
        "version": VERSION,
        "case": case.id,
        "summary": case.summary,
        "where": {"file": case.where.file, "line": case.where.line},
        "dtype": dtype,
        "inputs": {graph.nodes[i]["name"]: _input(graph, i, values) for i in graph.inputs},
        "program": graph.to_json(),
        "derivatives": {output.name: {
            "shape": list(graph.nodes[output.node].type.shape_in_parts),
            "closed_form": output.closed_form is not None,
            **_known(truths[output.name], dtype)} for output in graph.outputs},
    }


def _input(graph: Graph, position: int, values: dict[str, np.ndarray]) -> dict[str, Any]:
    node = graph.nodes[position]
    numbers = np.asarray(values[node["name"]]).ravel()
    return {"shape": list(node.type.shape_in_parts), "dtype": node.type.dtype,
            "values": _hexadecimal(_parts(numbers)) if node.type.is_inexact else numbers.tolist()}


def _parts(numbers: np.ndarray) -> np.ndarray:
    """Complex numbers as real and imaginary parts in turn."""
    return numbers.view(numbers.real.dtype) if numbers.dtype.kind == "c" else numbers


def _known(truth: Truth | Kink | CannotCertify, dtype: str) -> dict[str, Any]:
    """The truth of a derivative, what it may be at a kink, or why there is none."""
    if isinstance(truth, CannotCertify):
        return {"refusal": str(truth)}
    if isinstance(truth, Kink):
        return {"kink": {
            "limits": [_known(limit, dtype)["truth"] for limit in truth.limits],
            "conventions": {name: _hexadecimal(chosen.hi)
                            for name, chosen in truth.conventions.items()}}}
    # the number nearest to the truth always agrees, as in comparison.compare
    allowance = np.maximum(truth.allowed, ulp(truth.hi, dtype) / 2).ravel()
    known = {"hi": _hexadecimal(truth.hi), "lo": _hexadecimal(truth.lo),
             "radius": _hexadecimal(truth.radius),
             "allowance": [None if math.isinf(a) else float(a).hex() for a in allowance]}
    if truth.scale is not None:
        known["scale"] = _hexadecimal(truth.scale)
    return {"truth": known | ({"note": truth.note} if truth.note else {})}


def _hexadecimal(numbers: np.ndarray) -> list[str]:
    return [float(number).hex() for number in np.asarray(numbers).flat]


# --- a folder of them ---------------------------------------------------------------------------

def export(cases: Iterable[Case], out: Path, dtypes: Iterable[str] = runner.DTYPES, *,
           errors: Iterable[CaseError] = (), on_start: Callable[[int], None] | None = None,
           on_result: Callable[[Case, str], None] | None = None) -> dict[str, Any]:
    """Write the vectors of cases below a new or empty folder; returns what is in its index.json.

    A file holds the vectors of one case file in one dtype, one a line. errors: of case files that
    could not be read; the index names them, and the cases that turn out to be wrong. on_start:
    called with the number of vectors. on_result: called after each. The files appear when all are
    complete, the index last. Raises UsageError for an unknown dtype and where `out` cannot be
    written, both before any work.
    """
    dtypes = tuple(dict.fromkeys(dtypes))
    runner.plan([], (), dtypes, ())  # refuses unknown names
    cases, errors = list(cases), list(errors)
    files = []
    with _folder(out) as scratch:
        if on_start:
            on_start(len(cases) * len(dtypes))
        usable: dict[str, list[Case]] = {}
        for case in cases:
            error = runner.case_error(case, dtypes)
            if error:
                errors.append(error)
            else:
                usable.setdefault(case.where.file, []).append(case)
        for dtype in dtypes:
            for file, members in usable.items():
                members = [case for case in members if case.runs_in(dtype)]
                lines = _lines(members, dtype, on_result)
                files.append(_write(scratch, _path(dtype, file), dtype, lines))
        counts = {name: sum(file[name] for file in files) for name in COUNTED}
        index = {"format": INDEX, "version": VERSION, "suite": __version__,
                 "conventions": CONVENTIONS, "dtypes": list(dtypes),
                 "counts": {"cases": sum(map(len, usable.values())), **counts},
                 "errors": [str(error) for error in errors], "files": files}
        _put(scratch / "index.json", json.dumps(index, indent=1) + "\n")
    return index


def _lines(cases: Iterable[Case], dtype: str,
           on_result: Callable[[Case, str], None] | None) -> Iterator[dict[str, Any]]:
    for case in cases:
        yield vector(case, dtype)
        if on_result:
            on_result(case, dtype)


def _path(dtype: str, file: str) -> str:
    """`float64/cases/notebook.jsonl`: where a case file's vectors go, below the folder."""
    place = PurePath(file)
    return PurePath(dtype, place.relative_to(place.anchor)).with_suffix(".jsonl").as_posix()


def _write(folder: Path, path: str, dtype: str,
           vectors: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Write one file, a vector a line; returns what the index says of it."""
    counts, lines = Counter(dict.fromkeys(COUNTED, 0)), []
    for document in vectors:
        lines.append(json.dumps(document, allow_nan=False, separators=(",", ":")) + "\n")
        derivatives = document["derivatives"].values()
        counts.update(vectors=1, derivatives=len(derivatives),
                      elements=sum(math.prod(d["shape"]) for d in derivatives),
                      certified=sum("truth" in d for d in derivatives),
                      kinks=sum("kink" in d for d in derivatives),
                      refused=sum("refusal" in d for d in derivatives))
    content = _put(folder / path, "".join(lines))
    return {"path": path, "dtype": dtype, "sha256": hashlib.sha256(content).hexdigest(),
            "bytes": len(content), **counts}


def _put(path: Path, text: str) -> bytes:
    content = text.encode("ascii")  # json.dumps escapes the rest
    with _writing(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return content


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """What goes wrong with files here becomes a UsageError."""
    try:
        yield
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}; "
                         "give --out another folder") from None


@contextmanager
def _folder(out: Path) -> Iterator[Path]:
    """A scratch folder inside `out`, whose contents become those of `out` when all went well.

    After an error or an interrupt, `out` is as it was found.
    """
    made, scratch = _prepared(out)
    moved: list[Path] = []
    try:
        yield scratch
        with _writing(out):
            for entry in sorted(scratch.iterdir(), key=lambda path: path.name == "index.json"):
                moved.append(out / entry.name)
                os.replace(entry, moved[-1])
            scratch.rmdir()
    except BaseException:
        for path in (scratch, *moved):
            shutil.rmtree(path, ignore_errors=True)
        with suppress(OSError):
            (out / "index.json").unlink(missing_ok=True)
        with suppress(OSError):
            if made:
                out.rmdir()
        raise


def _prepared(out: Path) -> tuple[bool, Path]:
    """Whether `out` had to be made, and the scratch folder in it."""
    with _writing(out):
        made = not out.exists()
        if made:
            out.mkdir()
        held = sorted(os.listdir(out))
        if not held:
            scratch = out / ".partial"
            scratch.mkdir()
            return made, scratch
    raise UsageError(f"{out} is not empty, it holds {held[0]!r}; "
                     "give --out a new or an empty folder")
