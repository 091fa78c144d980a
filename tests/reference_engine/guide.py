"""The parts of docs/reference-engine.md that are written by what they describe.

    python tests/reference_engine/guide.py

writes them anew, with the answers of the engines that are installed (all four must be).
"""

import importlib
import json
import pkgutil
import re
from pathlib import Path

from conventions import ENGINES, answer, line, rows

from reference_engine import operators, rules

GUIDE = Path(__file__).parents[2] / "docs" / "reference-engine.md"
NOTICED = Path(__file__).with_name("noticed_by.json")
PACKAGES = {"torch": "torch", "TensorFlow": "tensorflow", "JAX": "jax"}


def section(name, text=None):
    """The lines between the two comments that enclose a part of the guide."""
    text = text or GUIDE.read_text(encoding="utf-8")
    found = re.search(f"<!-- {name} -->\n(.*?)\n<!-- end -->", text, re.DOTALL)
    return found[1].splitlines()


def with_rules():
    """The names of all operators that have a gradient, by the module of their rules."""
    found = {}
    for name, op in operators.OPS.items():
        functions = [getattr(rule, "func", rule) for rule in op.rules if rule is not None]
        if op.differentiable and "no_gradient" not in functions[0].__qualname__:
            found.setdefault(functions[0].__module__.rpartition(".")[2], []).append(name)
    return found


def listed():
    """Every module of operators: how many have a rule of their own, and the public functions."""
    own = with_rules()
    lines = ["| module | rules | functions |", "|---|---|---|"]
    for info in sorted(pkgutil.iter_modules(rules.__path__), key=lambda info: info.name):
        module = importlib.import_module(f"reference_engine.rules.{info.name}")
        names = getattr(module, "__all__", [])
        if names or info.name in own:
            lines.append(f"| {info.name} | {len(own.get(info.name, []))} | "
                         f"{', '.join(sorted(set(names)))} |")
    return lines


def versions():
    return {engine: importlib.import_module(package).__version__.partition("+")[0]
            for engine, package in PACKAGES.items()}


def compared():
    """The table of conventions."""
    heads = [ENGINES[0], *(f"{engine} {version}" for engine, version in versions().items())]
    return [f"| expression | where | {' | '.join(heads)} |", "|---|---|" + "---|" * len(heads),
            *(line(row, [answer(engine, row) for engine in ENGINES]) for row in rows())]


def hunted():
    """What the record says of wrong rules."""
    record = json.loads(NOTICED.read_text())
    noticed = [wrong.rpartition(" ")[2] for wrong in record["noticed by"]]
    return ["| what is wrong | rules | noticed by a test |", "|---|---|---|",
            *(f"| {told} | {noticed.count(kind)} | {noticed.count(kind)} |"
              for kind, told in (("first", "the rule's answer, by 2^-8"),
                                 ("second", "the derivative of its answer, by 2^-8")))]


def write():
    text = GUIDE.read_text(encoding="utf-8")
    for name, lines in (("operators", listed()), ("conventions", compared()),
                        ("wrong rules", hunted())):
        old, new = "\n".join(section(name, text)), "\n".join(lines)
        text = text.replace(f"<!-- {name} -->\n{old}\n<!-- end -->",
                            f"<!-- {name} -->\n{new}\n<!-- end -->")
    GUIDE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
