"""Runs a learner's function on one input, whatever it does, and looks at its code."""

import contextlib
import copy
import dis
import functools
import inspect
import io
import linecache
import re
import sys
import traceback
import types
import warnings
from dataclasses import dataclass
from numbers import Number

import numpy as np

from explore_transformers.exercises.comparing import detached, difference, plain
from explore_transformers.exercises.limits import TimeUp

# What a function does that only says pass, ..., or return None, in any Python version.
_IDLE = {"RESUME", "NOP", "LOAD_CONST", "RETURN_CONST", "RETURN_VALUE"}
_KEEPS = ("STORE_FAST", "STORE_DEREF", "RETURN_VALUE")


@dataclass(frozen=True)
class Outcome:
    """What a function did with one input.

    `changed` holds which of its arguments it changed, counted from 1.
    """

    value: object = None
    error: BaseException | None = None
    changed: tuple = ()

    @classmethod
    def of(cls, function, case):
        """Call the function with a copy of the arguments in `case`.

        Raises:
            TimeUp, MemoryError: at a limit; their attribute `case` says in which case.
        """
        arguments = copy.deepcopy(case)
        try:
            with quiet():
                value = detached(function(*arguments))
        except (TimeUp, MemoryError) as stop:
            traceback.clear_frames(stop.__traceback__)  # frees what filled the memory
            stop.case = case
            raise
        except (Exception, SystemExit) as error:
            return cls(error=error)
        pairs = enumerate(zip(case, arguments, strict=True), start=1)
        return cls(value, changed=tuple(n for n, pair in pairs if _differs(*pair)))

    @property
    def is_unfinished(self):
        """Whether `...` or NotImplementedError stands where work should."""
        if self.error is None:
            return contains(self.value, (...,))
        return isinstance(self.error, NotImplementedError) or "ellipsis" in said(
            self.error
        )


class Watched:
    """A learner's function as properties call it.

    Its results come detached, so that properties may hand them to NumPy; it gets no
    arrays with negative strides, which torch refuses. `failed` keeps the last error
    raised inside the function, with the arguments; `__wrapped__` is the function.
    """

    def __init__(self, function):
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self.failed = None, ()

    def __call__(self, *arguments, **named):
        return detached(self.attached(*arguments, **named))

    def attached(self, *arguments, **named):
        """Return the result as it is, for properties about gradients."""
        arguments = tuple(map(_forwards, arguments))
        try:
            return self.function(*arguments, **named)
        except (Exception, SystemExit) as error:
            if error.__traceback__.tb_next:  # not a call that never got inside
                self.failed = error, arguments
            raise


def _forwards(argument):
    is_array = isinstance(argument, np.ndarray)
    is_backwards = is_array and any(stride < 0 for stride in argument.strides)
    return argument.copy() if is_backwards else argument


def differs_from_itself(function, case, first):
    """Whether the function, given the same case once more, returns something else.

    A list that it keeps as a default argument is `first` itself, and has grown; what it
    keeps may also make it fail now.
    """
    if not _is_of_values(first):
        return False
    again = Outcome.of(function, case)
    if keeps_a_default(function):
        is_first = isinstance(first, list) and again.value is first
        if is_first or again.error is not None:
            return True
    return again.error is None and _differs(first, again.value)


def _is_of_values(result, depth=6):
    """Whether it's numbers, text and lists; two generators are never the same."""
    try:
        result = plain(result)
    except Exception:  # a learner's object may do anything
        return False
    if isinstance(result, dict):
        result = list(result.values())
    if isinstance(result, list | tuple):
        return depth > 0 and all(_is_of_values(v, depth - 1) for v in result)
    return result is None or isinstance(result, Number | np.ndarray | str)


def keeps_a_default(function):
    """Whether a list, dict or set stands among the defaults, and holds something."""
    defaults = getattr(function, "__defaults__", None) or ()
    return any(isinstance(d, list | dict | set) and d for d in defaults)


def verdict(predicate, answer):
    """Return True or False as the predicate says, or the error that it raised."""
    try:
        with quiet():
            return bool(predicate(answer))
    except MemoryError:
        raise
    except (Exception, SystemExit) as error:
        return error


@contextlib.contextmanager
def quiet():
    """Keep what learner code prints and warns out of the check's output."""
    sink = io.StringIO()
    with (
        contextlib.redirect_stdout(sink),
        contextlib.redirect_stderr(sink),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


def named(name, else_in, default):
    """Return what the notebook knows by this name, or without one `else_in`."""
    shell = _shell()
    return (else_in if shell is None else shell.user_ns).get(name, default)


def _shell():
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def just_failed(name):
    """Whether the notebook cell that sets this name was run last, and failed.

    Then the name may still hold an older answer, and a check would judge that one.
    """
    last = getattr(_shell(), "last_execution_result", None)
    if last is None or last.success:
        return False
    sets_it = rf"^(?:(?:def|class)\s+)?{re.escape(name)}\b"
    return re.search(sets_it, last.info.raw_cell, re.MULTILINE) is not None


def said(error):
    """Return "TypeError: its message" for an exception; never raises."""
    try:
        words = str(error)
    except Exception:  # a learner's own exception may fail to print
        words = ""
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def contains(value, signs, depth=6):
    """Whether one of the singletons `signs` is the value or lies inside it."""
    if any(value is sign for sign in signs):
        return True
    if isinstance(value, dict):
        value = list(value.values())
    is_list = isinstance(value, (list, tuple)) and depth > 0
    return is_list and any(contains(v, signs, depth - 1) for v in value)


def is_idle(answer):
    """Whether a function's body only says pass, ..., return None, or a docstring."""
    if (code := _code(answer)) is None:
        return False
    steps = list(dis.get_instructions(code))
    loaded = [s.argval for s in steps if s.opname.endswith("_CONST")]
    return {s.opname for s in steps} <= _IDLE and all(v in (None, ...) for v in loaded)


def keeps_placeholder(answer):
    """Whether a function's body still says `name = ...` or `return ...`."""
    code = _code(answer)
    return code is not None and _code_keeps_placeholder(code)


def own_line(error, answer):
    """Return (line number, source line) of the learner's code, or None."""
    if (code := _code(answer)) is None:
        return None
    frames = traceback.walk_tb(error.__traceback__)
    name = code.co_filename
    lines = [line for frame, line in frames if frame.f_code.co_filename == name]
    return (lines[-1], linecache.getline(name, lines[-1]).strip()) if lines else None


def _code_keeps_placeholder(code):
    steps = list(dis.get_instructions(code))
    for step, after in zip(steps, [*steps[1:], None], strict=True):
        if step.opname.endswith("_CONST") and step.argval is ...:
            kept = step.opname == "RETURN_CONST"
            if kept or (after and after.opname.startswith(_KEEPS)):
                return True
    inner = (c for c in code.co_consts if isinstance(c, types.CodeType))
    return any(map(_code_keeps_placeholder, inner))


def _code(answer):
    """Return the code object of a function, method or callable object, if any."""
    try:
        answer = inspect.unwrap(answer)
        runs = answer if hasattr(answer, "__code__") else type(answer).__call__
        code = getattr(getattr(answer, "forward", runs), "__code__", None)
        return code if isinstance(code, types.CodeType) else None
    except Exception:  # not a function at all
        return None


def _differs(before, after):
    try:
        return difference(before, after) is not None
    except Exception:  # what cannot be compared is not said to be changed
        return False
