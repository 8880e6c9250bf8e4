"""What the modules of a running model get and give: diagrams read their shapes here."""

from typing import NamedTuple


class Call(NamedTuple):
    """One call of a module, with the shapes of the first tensor in and out."""

    module: object
    input: tuple
    output: tuple


def trace(model, *inputs):
    """Run the model once -> what it returns, and {module's name: Call} in call order.

    A module comes after the modules it called. Nothing is trained, and the model is
    left in the mode it was in.
    """
    import torch  # only here: lesson 1 draws without it

    calls = {}

    def keep(name):
        def hook(module, given, result):
            calls[name] = Call(module, _shape(given), _shape(result))

        return hook

    was_training = model.training
    hooks = [m.register_forward_hook(keep(name)) for name, m in model.named_modules()]
    try:
        with torch.no_grad():
            result = model.eval()(*inputs)
    finally:
        model.train(was_training)
        for hook in hooks:
            hook.remove()
    return result, calls


def find(calls, name):
    """Return the Call of a module, or raise ValueError with the names there are."""
    if name not in calls:
        known = ", ".join(filter(None, calls))
        raise ValueError(f"the model called no module {name!r}, only: {known}")
    return calls[name]


def _shape(given):
    """The shape of the first tensor, however deep it lies."""
    while isinstance(given, tuple | list):
        given = given[0]
    return tuple(given.shape)
