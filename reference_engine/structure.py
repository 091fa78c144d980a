"""Nested lists, tuples and dicts: their leaves in order, and the same structure again."""


class StructureError(Exception):
    """Two structures that should be one; the message tells them apart."""


def flat(structure):
    """The leaves, in order; a dict's in the order of its keys."""
    if not isinstance(structure, list | tuple | dict):
        return [structure]
    leaves = []
    rebuilt(leaves.append, structure)
    return leaves


def rebuilt(function, structure):
    """The same lists, tuples (named ones too) and dicts with `function` of each leaf."""
    if isinstance(structure, dict):
        return {key: rebuilt(function, part) for key, part in structure.items()}
    if isinstance(structure, list | tuple):
        parts = [rebuilt(function, part) for part in structure]
        if hasattr(structure, "_fields"):
            return type(structure)(*parts)
        return type(structure)(parts)
    return function(structure)


def pairs(structure, other):
    """Each leaf of `structure` with what stands in its place in `other`. Raises StructureError."""
    if isinstance(structure, dict):
        if not isinstance(other, dict) or structure.keys() != other.keys():
            raise StructureError(f"a dict of {sorted(map(str, structure))} and {_kind(other)}")
        for key, part in structure.items():
            yield from pairs(part, other[key])
    elif isinstance(structure, list | tuple):
        if not isinstance(other, list | tuple) or len(structure) != len(other):
            raise StructureError(f"{_kind(structure)} and {_kind(other)}")
        for part, partner in zip(structure, other, strict=True):
            yield from pairs(part, partner)
    else:
        yield structure, other


def _kind(structure):
    if isinstance(structure, dict):
        return f"a dict of {sorted(map(str, structure))}"
    sized = isinstance(structure, list | tuple)
    return f"{type(structure).__name__} of {len(structure)}" if sized else type(structure).__name__
