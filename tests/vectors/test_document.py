"""docs/vectors.md says of every operator and every key what is so."""

import operator_table

from conformance import vectors
from conformance.formats import FORMATS
from conformance.ops import CATALOGUE
from conformance.serialization import schema

TEXT = operator_table.DOCUMENT.read_text(encoding="utf-8")


def test_the_table_of_operators_is_the_catalogue():
    assert operator_table.spliced(TEXT) == TEXT, (
        "run python tests/vectors/operator_table.py to write the table anew")
    for name in CATALOGUE:
        assert f"`{name}`" in TEXT


def test_the_table_changes_with_the_catalogue(monkeypatch):
    monkeypatch.delitem(CATALOGUE, "sin")
    assert operator_table.spliced(TEXT) != TEXT


def test_the_document_is_short_but_for_its_table():
    prose = [line for line in TEXT.splitlines() if not line.startswith("|")]
    assert len(prose) <= 120


def test_every_key_is_in_the_document():
    for name in ("vector", "vectors"):
        parts = [schema(name), *schema(name)["$defs"].values()]
        for key in {key for part in parts for key in part.get("properties", {})}:
            if key not in ("file", "line", *vectors.COUNTED, *vectors.CONVENTIONS, "cases"):
                assert f"`{key}`" in TEXT, key


def test_the_points_of_overflow_are_those_of_the_formats():
    for dtype, format in FORMATS.items():
        last = 2.0 ** (format.max_exponent - format.precision)  # half a unit in the last place
        digits, _, exponent = (format.largest + last).hex().partition("p")
        point = f"{digits.rstrip('0')}p{exponent}" if exponent else digits
        assert f"{dtype} `{point}`" in " ".join(TEXT.split())


def test_what_the_array_api_lacks_has_a_meaning():
    import numpy as np

    for name, op in CATALOGUE.items():
        assert op.meaning or hasattr(np, name), name
