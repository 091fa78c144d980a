"""What docs/reference-engine.md says is so."""

import re

import pytest
from conventions import ENGINES, answer, line, rows
from guide import GUIDE, PACKAGES, hunted, listed, section, with_rules

ROWS = list(rows())
TABLE = section("conventions")


def cells(text):
    return [cell.strip() for cell in text.strip("|").split(" | ")]


def test_operators_are_those_of_the_modules():
    assert section("operators") == listed()


def test_there_are_as_many_operators_with_rules_as_it_says():
    count = sum(len(names) for names in with_rules().values())
    assert count >= 200
    assert f"**{count} operators with a gradient rule of their own**" in GUIDE.read_text("utf-8")


def test_wrong_rules_are_those_on_record():
    assert section("wrong rules") == hunted()


def test_every_convention_is_in_the_table():
    assert [cells(text)[:2] for text in TABLE[2:]] == [cells(line(row, []))[:2] for row in ROWS]


@pytest.mark.parametrize("k", range(len(ROWS)), ids=[row.spelled[0] for row in ROWS])
def test_conventions_are_the_engine_s(k):
    assert cells(TABLE[2 + k])[2] == answer(ENGINES[0], ROWS[k])


@pytest.mark.parametrize("engine", ENGINES[1:])
def test_conventions_are_those_of_other_engines(engine):
    """Of the versions that the table names."""
    place = 2 + ENGINES.index(engine)
    version = cells(TABLE[0])[place].rpartition(" ")[2]
    module = pytest.importorskip(PACKAGES[engine])
    if module.__version__.partition("+")[0] != version.partition("+")[0]:
        pytest.skip(f"the table is of {engine} {version}")
    found = [answer(engine, row) for row in ROWS]
    assert [cells(text)[place] for text in TABLE[2:]] == found


def test_examples_run():
    for block in re.findall(r"```python\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL):
        exec(block, {})
