"""The operators and their gradients, side by side; `__all__` of a module lists its public ones."""

import importlib
import pkgutil

# Public under `engine.linalg` and `engine.fft`, as the array API has them, and not under `engine`.
EXTENSIONS = {
    "linalg": ("decompositions", "determinants", "norms", "solving"),
    "fft": ("fourier",),
}

MODULES = tuple(
    importlib.import_module(f"{__name__}.{found.name}") for found in pkgutil.iter_modules(__path__)
)


def public_names(extension=None):
    """Name -> function of the public operators, of an extension or of the main namespace."""
    apart = {name for names in EXTENSIONS.values() for name in names}
    wanted = set(EXTENSIONS[extension]) if extension else None
    found = {}
    for module in MODULES:
        home = module.__name__.rpartition(".")[2]
        if home in wanted if extension else home not in apart:
            found.update({name: getattr(module, name) for name in getattr(module, "__all__", ())})
    return found
