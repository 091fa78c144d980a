"""Nested lists, tuples and dicts: their leaves in order, and the same structure again."""


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
