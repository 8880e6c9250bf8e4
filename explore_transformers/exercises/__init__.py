"""Exercise checks: one module per lesson that has exercises, each with a `check`."""

import importlib
import pkgutil

_FRAMEWORK = {
    *("arranging", "checking", "comparing", "diagnosing", "limits", "messages"),
    *("naming", "running"),
}


def modules():
    """Yield (lesson name, module) for every module of exercises, sorted by name."""
    for found in pkgutil.iter_modules(__path__):
        if found.name not in _FRAMEWORK:
            yield found.name, importlib.import_module(f"{__name__}.{found.name}")
