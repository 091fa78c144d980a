"""The table of operators in docs/vectors.md; as a script, this writes it anew."""

from pathlib import Path

from conformance.ops import CATALOGUE
from conformance.typing_rules import REQUIRED

DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "vectors.md"
BEGIN = "<!-- operators: python tests/vectors/operator_table.py writes this table -->\n"
END = "<!-- end of operators -->\n"


def table():
    """Rows of operators that differ in nothing but their names share a line."""
    rows = {}
    for name, op in CATALOGUE.items():
        operands = "list" if op.arity is None else str(op.arity)
        parameters = ", ".join(
            f"`{key}`" if value is REQUIRED else f"`{key}={value!r}`"
            for key, value in op.parameters.items())
        where = "" if op.domain == "all reals" else op.domain
        if op.kinks:
            where = "; ".join(filter(None, (where, f"kink: {op.kinks}")))
        rest = (operands, parameters, op.meaning or "as the array API", where)
        rows.setdefault(rest, []).append(f"`{name}`")
    head = ("operators", "operands", "parameters", "computes", "derivative")
    lines = [head, ("---",) * len(head)]
    lines += [(" ".join(names), *rest) for rest, names in rows.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines).replace("|  |", "| |")


def spliced(text):
    """The document with the table of today."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return before + BEGIN + table() + END + after


if __name__ == "__main__":
    DOCUMENT.write_text(spliced(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
