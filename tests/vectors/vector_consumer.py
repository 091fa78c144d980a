"""A consumer of exported vectors, from docs/vectors.md alone; it imports nothing of the suite."""

import hashlib
import json
import math
from pathlib import Path

OVERFLOW = {"float64": "inf", "float32": "0x1.ffffffp+127", "float16": "0x1.ffep+15",
            "bfloat16": "0x1.ffp+127"}
LARGEST_USEFUL = 0.05


def read(folder):
    """The index, and every vector with its numbers parsed; raises ValueError for a file changed."""
    folder = Path(folder)
    index = json.loads((folder / "index.json").read_bytes())
    if (index["format"], index["version"]) != ("conformance-vectors", 1):
        raise ValueError("another format")
    return index, [vector for file in index["files"] for vector in _vectors(folder, file)]


def _vectors(folder, file):
    content = (folder / file["path"]).read_bytes()
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        raise ValueError(f"{file['path']} was changed")
    vectors = [_parsed(json.loads(line)) for line in content.splitlines()]
    if len(vectors) != file["vectors"]:
        raise ValueError(f"{file['path']} has {len(vectors)} vectors, not {file['vectors']}")
    return vectors


def _parsed(vector):
    for known in vector["inputs"].values():
        _counted(known["values"], known["shape"])
        if known["dtype"] not in ("int64", "bool"):
            known["values"] = _floats(known["values"])
    for derivative in vector["derivatives"].values():
        limits = derivative.get("kink", {}).get("limits", [])
        for truth in [derivative["truth"]] if "truth" in derivative else limits:
            for name, column in truth.items():
                if name != "note":
                    _counted(column, derivative["shape"])
                    truth[name] = _floats(column)
    return vector


def _counted(column, shape):
    if len(column) != math.prod(shape):
        raise ValueError(f"{len(column)} numbers for the shape {shape}")


def _floats(column):
    return [None if text is None else float.fromhex(text) for text in column]


def judge(got, shape, dtype, vector, name):
    """The verdict on a derivative: got, flat and as float64, in the shape and dtype it came in."""
    derivative = vector["derivatives"][name]
    if "refusal" in derivative:
        return "refused"
    if list(shape) != derivative["shape"] or dtype != vector["dtype"]:
        return "differs"
    if "kink" in derivative:
        limits = derivative["kink"]["limits"]
        at = any(_judge(got, limit, dtype) == "agrees" for limit in limits)
        corners = [limit["hi"] for limit in limits]
        inside = all(x <= _end(limits, k, 1) and -x <= _end(limits, k, -1)
                     for k, x in enumerate(got))
        return "agrees" if at or (inside and _mixed(got, corners)) else "differs"
    return _judge(got, derivative["truth"], dtype)


def _end(limits, k, sign):
    """How far element k may go in one direction."""
    return max(sign * limit["hi"][k] + (math.inf if limit["allowance"][k] is None
                                        else limit["allowance"][k]) for limit in limits)


def _mixed(got, limits, steps=10000):
    """Whether an answer is a convex combination of limits, to a millionth (Frank and Wolfe)."""
    def along(a, b):
        return sum(x * y for x, y in zip(a, b, strict=True))

    at = limits[0]
    for _ in range(steps):
        gap = [x - y for x, y in zip(got, at, strict=True)]
        if all(abs(d) <= 1e-6 * max(1.0, abs(x)) for d, x in zip(gap, got, strict=True)):
            return True
        to = max(limits, key=lambda limit: along(limit, gap))
        way = [x - y for x, y in zip(to, at, strict=True)]
        if not along(way, gap) > 0:
            return False
        length = min(1.0, along(way, gap) / along(way, way))
        at = [x + length * d for x, d in zip(at, way, strict=True)]
    return False


def _judge(got, truth, dtype):
    ordinary = max([1.0, *map(abs, truth["hi"])])
    scales = [max(abs(hi), size) or ordinary
              for hi, size in zip(truth["hi"], truth.get("scale", [0.0] * len(got)), strict=True)]
    columns = (truth[name] for name in ("hi", "lo", "radius", "allowance"))
    found = {_element(*row, dtype) for row in zip(got, *columns, scales, strict=True)}
    return next((v for v in ("differs", "inconclusive") if v in found), "agrees")


def _element(got, hi, lo, radius, allowance, scale, dtype):
    if not (math.isfinite(got) and math.isfinite(hi)):
        reach = abs(hi) + (allowance or 0.0)
        if math.isinf(got) and (got > 0) == (hi > 0) and reach >= float.fromhex(OVERFLOW[dtype]):
            return "agrees"
        return "inconclusive" if allowance is None else "differs"
    if allowance is None:
        return "inconclusive"
    if abs((got - hi) - lo) > allowance + radius:
        return "differs"
    return "inconclusive" if allowance > LARGEST_USEFUL * scale else "agrees"
