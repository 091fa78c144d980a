"""Truths on disk, by all that they follow from; what does not read back whole is computed anew."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from conformance.errors import CannotCertify
from conformance.graph import Graph
from conformance.oracle import Kink, Truth

# CONFORMANCE_CACHE names another folder, or is `off`
VARIABLE = "CONFORMANCE_CACHE"
COLUMNS = ("hi", "lo", "radius", "allowed", "scale")
KEPT_ORACLES = 4
NAME_LENGTH = 16

Answer = Truth | Kink | CannotCertify


def remembered(graph: Graph, inputs: Mapping[str, np.ndarray],
               compute: Callable[[], dict[str, Answer]]) -> dict[str, Answer]:
    """The answers from disk where they are there and whole, else computed and kept."""
    path = _path(graph, inputs, "truths")
    if path is None:
        return compute()
    shapes = {output.name: graph.nodes[output.node].type.shape_in_parts
              for output in graph.outputs}
    known = _read(path)
    with suppress(KeyError, TypeError, ValueError):
        if known is not None and known.keys() == shapes.keys():
            return {name: _from_json(known[name], shape) for name, shape in shapes.items()}
    answers = compute()
    _write(path, {name: _to_json(answer) for name, answer in answers.items()})
    return answers


def remembered_check(graph: Graph, inputs: Mapping[str, np.ndarray],
                     check: Callable[[], None]) -> None:
    """Make a check that raises, unless it is on disk that it did not."""
    path = _path(graph, inputs, "closed forms")
    if path is not None and _read(path) == "they hold":
        return
    check()
    if path is not None:
        _write(path, "they hold")


def folder() -> Path | None:
    """Where truths are kept, by the oracle that found them; None where that is turned off."""
    chosen = os.environ.get(VARIABLE, "")
    if chosen.lower() == "off":
        return None
    if chosen:
        return Path(chosen) / "truths" / oracle()
    from platformdirs import user_cache_path

    return user_cache_path("conformance", appauthor=False) / "truths" / oracle()


@cache
def oracle() -> str:
    """A name for the code that computes: a change of any of it makes it another oracle."""
    import flint

    here = Path(__file__).resolve().parent
    house = here.parent
    # rules of shapes and types lie beside the oracle, which reads places and sizes from them
    files = [*house.glob("*.py"), *here.rglob("*.py"), *(house / "catalogue").rglob("*.py")]
    digest = hashlib.sha256(flint.__version__.encode())
    for file in sorted(files):
        digest.update(file.relative_to(house).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:NAME_LENGTH]


def _path(graph: Graph, inputs: Mapping[str, np.ndarray], what: str) -> Path | None:
    place = folder()
    if place is None:
        return None
    digest = hashlib.sha256(what.encode())
    digest.update(json.dumps(graph.to_json(), sort_keys=True).encode())
    for name in sorted(inputs):
        array = np.ascontiguousarray(inputs[name])
        digest.update(f"{name} {array.dtype} {array.shape}".encode() + array.tobytes())
    key = digest.hexdigest()
    return place / key[:2] / key


def _read(path: Path) -> Any:
    """What a file holds, or None where it is missing or not what was written."""
    try:
        checksum, _, body = path.read_bytes().partition(b"\n")
        if hashlib.sha256(path.name.encode() + body).hexdigest().encode() == checksum:
            return json.loads(body)
    except (OSError, ValueError):
        pass
    return None


def _write(path: Path, document: Any) -> None:
    """All of it or nothing; a disk that cannot be written costs time alone."""
    body = json.dumps(document, separators=(",", ":")).encode()
    checksum = hashlib.sha256(path.name.encode() + body).hexdigest().encode()
    with suppress(OSError):
        if not path.parent.parent.is_dir():
            path.parent.mkdir(parents=True, exist_ok=True)
            _forget_others(path.parent.parent)
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as stream:
                stream.write(checksum + b"\n" + body)
            os.replace(temporary, path)
        except OSError:
            Path(temporary).unlink(missing_ok=True)
            raise


def _forget_others(place: Path) -> None:
    """Keep what the latest oracles found; what older ones did is of no use.

    Only folders that are named as an oracle is are anyone's to delete.
    """
    ours = re.compile(rf"[0-9a-f]{{{NAME_LENGTH}}}")
    others = sorted((p for p in place.parent.iterdir() if p.is_dir() and ours.fullmatch(p.name)),
                    key=lambda p: p.stat().st_mtime, reverse=True)
    for old in others[KEPT_ORACLES:]:
        shutil.rmtree(old, ignore_errors=True)


# --- answers as JSON ----------------------------------------------------------------------------

def _to_json(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, CannotCertify):
        return {"refusal": str(answer), "kind": answer.kind}
    if isinstance(answer, Kink):
        return {"limits": [_to_json(truth) for truth in answer.limits],
                "conventions": {name: _to_json(t) for name, t in answer.conventions.items()}}
    columns = {name: None if (column := getattr(answer, name)) is None else
               [float(x).hex() for x in np.asarray(column).flat] for name in COLUMNS}
    return columns | {"note": answer.note}


def _from_json(document: Mapping[str, Any], shape: tuple[int, ...]) -> Answer:
    if "refusal" in document:
        return CannotCertify(document["refusal"], document["kind"])
    if "limits" in document:
        return Kink(tuple(_truth(part, shape) for part in document["limits"]),
                    {name: _truth(part, shape) for name, part in document["conventions"].items()})
    return _truth(document, shape)


def _truth(document: Mapping[str, Any], shape: tuple[int, ...]) -> Truth:
    columns = {name: None if document[name] is None else
               np.array([float.fromhex(x) for x in document[name]]).reshape(shape)
               for name in COLUMNS}
    return Truth(**columns, note=document["note"])
