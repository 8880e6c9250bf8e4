"""Values across the pipe between judge and student, as JSON and bytes, never pickle.

A message carries entries: a term for each object, by number. Numbers above zero are
objects of the judge's that both sides keep for the length of a call, so that an
argument that comes back is the argument itself; numbers below are of one message.
A reference is a number, or the term of something small itself.
"""

import collections
import json
import re
import struct
import sys

import numpy as np
import torch

MOST_BYTES = 2**26
_HEAD = struct.Struct("<QQ")
_DTYPE = re.compile(r"[<>|=][biufcSU]\d+")
_DICTS = {
    "dict": dict,
    "Counter": collections.Counter,
    "OrderedDict": collections.OrderedDict,
    "defaultdict": lambda: collections.defaultdict(None),
}
_DEEPEST = 200


class BadMessage(Exception):
    """What came is no message of this kind: a student's process may send anything."""


def pack(header, blobs):
    """Return the bytes of a message: a dict for JSON, and bytes objects."""
    words, blob = json.dumps(header).encode(), b"".join(blobs)
    return _HEAD.pack(len(words), len(blob)) + words + blob


def unpack(read):
    """Return (header, blob) of one message; read(n) returns exactly n bytes.

    Raises:
        BadMessage: it is too long, or not JSON.
    """
    n_words, n_blob = _HEAD.unpack(read(_HEAD.size))
    if n_words + n_blob > MOST_BYTES:
        raise BadMessage("too long")
    words, blob = read(n_words), read(n_blob)
    try:
        header = json.loads(words)
    except (ValueError, RecursionError) as error:
        raise BadMessage(str(error)) from None
    if not isinstance(header, dict):
        raise BadMessage("no dict")
    return header, blob


class Table:
    """The judge's objects of one call, by number, on either side."""

    def __init__(self):
        self.objects, self._numbers = {}, {}

    def number(self, value):
        n = self._numbers.get(id(value))
        return n if n is not None and self.objects[n] is value else None

    def add(self, value, n=None):
        n = len(self.objects) + 1 if n is None else n
        self.objects[n], self._numbers[id(value)] = value, n
        return n


class Encoder:
    """Makes the entries of one message.

    Args:
        shares: whether what is new gets a number of the table (the judge's do).
        other: other(value, encoder) -> term of what is no plain value.
    """

    def __init__(self, table, shares, other):
        self.table, self.shares, self.other = table, shares, other
        self.entries, self.blobs, self._size = [], [], 0
        self._own, self.kept = {}, []

    def ref(self, value):
        """Return the reference to a value, and put what it needs among the entries."""
        if value is None or value is ... or type(value) is bool:
            return [_SINGLES[value]]
        if type(value) is int and (-5 <= value <= 256 or not self.shares):
            return ["i", hex(value)]
        if (n := self.table.number(value)) is not None:
            return n
        if id(value) in self._own:
            return self._own[id(value)]
        if self.shares:
            n = self.table.add(value)
        else:
            n = -1 - len(self._own)
            self._own[id(value)] = n
            self.kept.append(value)  # an id is of use only while the object lives
        self.entries.append([n, self.term(value)])
        return n

    def term(self, value):
        """Return the term that describes a value."""
        kind = type(value)
        if kind in _LEAVES:
            return _LEAVES[kind](value)
        if kind in (list, tuple, set, frozenset):
            return [_SEQUENCES[kind], [self.ref(v) for v in value]]
        if isinstance(value, dict) and kind.__name__ in _DICTS:
            pairs = [[self.ref(k), self.ref(v)] for k, v in value.items()]
            return ["d", kind.__name__, pairs]
        if isinstance(value, np.generic | np.ndarray) and value.dtype.kind in "biufcSU":
            return self._array(value)
        if isinstance(value, torch.Tensor) and value.layout is torch.strided:
            return self._tensor(value)
        return self.other(value, self)

    def whole(self, value):
        """Return the term of an object of the table with all that it holds now."""
        if isinstance(value, np.ndarray):
            return ["a", value.dtype.str, list(value.shape), self._put(value.tobytes())]
        return self.term(value)

    def _array(self, value):
        is_view = isinstance(value, np.ndarray) and not self.shares
        if is_view and (view := self._view(value)) is not None:
            return view
        if isinstance(value, np.generic):
            return ["g", value.dtype.str, self._put(value.tobytes())]
        return self.whole(value)

    def _view(self, value):
        """Return the term of a view into an array of the judge's, or None."""
        for n, base in self.table.objects.items():
            is_base = isinstance(base, np.ndarray) and base.flags.c_contiguous
            if is_base and np.may_share_memory(base, value):
                start = value.__array_interface__["data"][0]
                offset = start - base.__array_interface__["data"][0]
                form = value.dtype.str, list(value.shape), list(value.strides)
                return ["v", n, offset, *form]
        return None

    def _tensor(self, value):
        plain = value.detach().cpu().contiguous()
        raw = (
            plain.reshape(-1).view(torch.uint8) if plain.numel() else plain.new_empty(0)
        )
        place = self._put(raw.numpy().tobytes() if plain.numel() else b"")
        dtype = str(plain.dtype).removeprefix("torch.")
        return ["T", dtype, list(plain.shape), place, bool(value.requires_grad)]

    def _put(self, data):
        place = [self._size, len(data)]
        self._size += len(data)
        if self._size > MOST_BYTES:
            raise MemoryError("the values are too large")
        self.blobs.append(data)
        return place


class Decoder:
    """Reads the entries of one message.

    Args:
        special: special(term, number, decoder) -> object, for terms that are neither
            plain values nor known here.
        connect: connect(tensors) -> those that carry gradients, connected.

    Raises:
        BadMessage: something in it is not as it must be.
    """

    def __init__(self, entries, blob, table, special, connect=None):
        self.blob, self.table, self.special = blob, table, special
        self.terms, self.made, self._open = {}, {}, 0
        try:
            self.terms = {int(n): list(term) for n, term in entries}
            if connect is not None:
                self._connected(connect)
        except _CAUGHT as error:
            raise BadMessage(str(error)) from None

    def value(self, ref):
        """Return the object that a reference means."""
        try:
            return self._value(ref)
        except _CAUGHT as error:
            raise BadMessage(f"{type(error).__name__}: {error}") from None

    def fresh(self, term):
        """Return a new object as a term describes it."""
        return self._make(0, term)

    def _value(self, ref):
        if isinstance(ref, list):
            return self._leaf(ref)
        if ref in self.made:
            return self.made[ref]
        if ref not in self.terms:
            return self.table.objects[ref]
        self._open += 1
        if self._open > _DEEPEST:
            raise BadMessage("too deep")
        value = self._make(ref, self.terms[ref])
        self._open -= 1
        return value

    def _make(self, n, term):
        kind = term[0]
        if kind == "l":
            value = self._keep(n, [])
            value.extend(map(self._value, term[1]))
        elif kind == "d":
            value = self._keep(n, _DICTS[term[1]]())
            for key, item in term[2]:
                value[self._value(key)] = self._value(item)
        elif kind == "S":
            value = self._keep(n, set())
            value.update(map(self._value, term[1]))
        elif kind in ("t", "F"):
            make = tuple if kind == "t" else frozenset
            value = self._keep(n, make([self._value(r) for r in term[1]]))
        else:
            value = self._keep(n, self._leaf(term, n))
        return value

    def _keep(self, n, value):
        self.made[n] = value
        if n > 0:
            self.table.add(value, n)
        return value

    def _leaf(self, term, n=None):
        kind = term[0]
        if kind in _MAKERS:
            return _MAKERS[kind](*term[1:])
        if kind == "g":
            return np.frombuffer(self._bytes(term[2]), _dtype(term[1]))[0]
        if kind == "a":
            data = bytearray(self._bytes(term[3]))
            array = np.frombuffer(data, _dtype(term[1]))
            return array.reshape([int(s) for s in term[2]])
        if kind == "v":
            base = self.table.objects[term[1]]
            _, _, offset, dtype, shape, strides = term
            return np.ndarray(shape, _dtype(dtype), base, offset, strides)
        if kind == "T":
            return self._tensor(term)
        return self.special(term, n, self)

    def _tensor(self, term):
        _, name, shape, place, has_grad = term
        dtype = getattr(torch, name)
        if not isinstance(dtype, torch.dtype):
            raise BadMessage(name)
        data = bytearray(self._bytes(place))
        flat = (
            torch.frombuffer(data, dtype=dtype) if data else torch.empty(0, dtype=dtype)
        )
        tensor = flat.reshape([int(s) for s in shape])
        return tensor.requires_grad_() if has_grad is True else tensor

    def _bytes(self, place):
        start, n = place
        if not 0 <= start <= start + n <= len(self.blob):
            raise BadMessage("outside")
        return self.blob[start : start + n]

    def _connected(self, connect):
        """Replace the tensors that carry gradients by what `connect` makes of them."""
        found = [n for n, term in self.terms.items() if term[0] == "T" and term[4]]
        if found:
            raw = [self._tensor([*self.terms[n][:4], False]) for n in found]
            self.made.update(zip(found, connect(found, raw), strict=True))


def error_term(error, encoder):
    """Return what describes an exception."""
    try:
        words = str(error)[:10_000]
    except BaseException:  # a learner's own exception may fail to print
        words = ""
    kind = type(error)
    known = [c.__name__ for c in kind.__mro__ if c.__module__ == "builtins"]
    args = [a for a in error.args if type(a) in (str, int, float, tuple, type(None))]
    args = encoder.ref(args[:10] if len(args) == len(error.args) else [words])
    return [kind.__module__, kind.__name__[:80], known[0], args, words]


def error_of(term, decoder):
    """Return the exception that a term describes, or one that is told like it."""
    module, name, base, args, words = term
    if not all(isinstance(part, str) for part in (module, name, base, words)):
        raise BadMessage("no error")
    args = decoder.value(args)
    kind = _error_class(module, name)
    if kind is not None:
        try:
            error = kind(*args)
            return error if str(error) == words else kind(words)
        except Exception:  # made in a way of its own
            error = kind.__new__(kind)
            error.args = (words,)
            return error
    known = _error_class("builtins", base) or Exception
    made = type(_identifier(name), (known,), {"__str__": lambda self: words})
    return made.__new__(made)


def _error_class(module, name):
    """Return an exception class of Python, NumPy or torch, or None."""
    if module.partition(".")[0] not in ("builtins", "numpy", "torch"):
        return None
    found = getattr(sys.modules.get(module), name, None)
    is_error = isinstance(found, type) and issubclass(found, BaseException)
    is_stop = is_error and not issubclass(found, Exception | SystemExit)
    return None if is_stop or not is_error else found


def _identifier(name):
    return name if isinstance(name, str) and name.isidentifier() else "object"


def class_named(name, bases=(), content=None):
    """Return a class of that name, where it is one."""
    return type(_identifier(name)[:80], bases, content or {})


def _dtype(name):
    if not _DTYPE.fullmatch(name):
        raise BadMessage(name)
    return np.dtype(name)


def _integer(digits):
    if len(digits) > 20_000:
        raise BadMessage("too long a number")
    return int(digits, 16)


_CAUGHT = (ValueError, TypeError, KeyError, IndexError, AttributeError, RuntimeError,
           OverflowError, BufferError)  # fmt: skip
_SINGLES = {None: "n", ...: "e", True: "1", False: "0"}
_SEQUENCES = {list: "l", tuple: "t", set: "S", frozenset: "F"}
_LEAVES = {
    int: lambda v: ["i", hex(v)],
    float: lambda v: ["f", v.hex()],
    complex: lambda v: ["c", v.real.hex(), v.imag.hex()],
    str: lambda v: ["s", v],
    bytes: lambda v: ["y", v.hex()],
    type(None): lambda v: ["n"],
    type(...): lambda v: ["e"],
    bool: lambda v: ["1" if v else "0"],
}
_MAKERS = {
    "n": lambda: None,
    "e": lambda: ...,
    "1": lambda: True,
    "0": lambda: False,
    "i": _integer,
    "f": float.fromhex,
    "c": lambda real, imag: complex(float.fromhex(real), float.fromhex(imag)),
    "s": str,
    "y": bytes.fromhex,
}
