"""The student's function as the book's checks call it: its code runs elsewhere."""

import contextlib
import linecache
import sys
import types

import numpy as np
import torch

from explore_transformers.grading import codec

CELL = "<answer>"
_MOST_CALLS_SEEN = 100_000


class Gone(BaseException):
    """The student's process ended, or said what makes no sense.

    It is no Exception, so that no check takes it for an error of the answer's.
    """


def decoded(read, *arguments):
    """Return read(*arguments); what a student's process sent may be anything.

    Raises:
        Gone: it made no sense.
    """
    try:
        return read(*arguments)
    except (codec.BadMessage, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Gone(str(error)) from None


class Answer:
    """Callable answer(*args): its arguments travel there, its result comes back.

    What the function does to its arguments, and gradients, come back too. Functions
    and objects among the arguments stay here: their methods are called from there.

    Args:
        session: the student's process, in which the cell was run.
        code: the function's code object, compiled and never run here, or None.
        source: the cell's text.
    """

    def __init__(self, session, code=None, source=""):
        self._session, self.__code__ = session, code
        self._source, self._n_calls = source, 0

    def told_by(self, code, source):
        """Let messages show lines of the cell."""
        self.__code__, self._source = code, source
        lines = source.splitlines(keepends=True)
        linecache.cache[CELL] = len(source), None, lines, CELL
        return self

    def __call__(self, *args, **named):
        call, watch = _Call(self._session, self._n_calls), sys.getprofile()
        self._n_calls += 1
        header, blob = call.made(args, named, watch is not None)
        if watch is not None:
            decoded(_replay, header.get("seen"), watch)
        if header.get("kind") == "error":
            raise at_line(call.error(header, blob), header.get("line"), self._source)
        return decoded(call.result, header, blob)


def at_line(error, line, source):
    """Give an exception a traceback that shows this line of the answer's cell."""
    if type(line) is int and 1 <= line <= source.count("\n") + 1:
        raising = compile("\n" * (line - 1) + "raise error", CELL, "exec")
        with contextlib.suppress(BaseException):
            exec(raising, {"error": error})
    return error


def special(session):
    """Return how objects that are no plain values are shown to checks."""

    def make(term, _, decoder):
        if term[0] == "R":
            return range(*map(int, term[1:]))
        if term[0] == "E":
            return codec.error_of(term[1], decoder)
        if term[0] == "I":
            return _iterator(session, term[1], int(term[2]))
        if term[0] == "x":
            content = {"__call__": lambda *_, **__: None} if term[2] is True else {}
            return codec.class_named(term[1], (), content)()
        raise codec.BadMessage(term[0])

    return make


def _iterator(session, name, n):
    """Return an iterator whose items are made on the other side."""

    def following(self):
        session.send({"do": "next", "iterator": n})
        header, blob = session.receive()
        if header.get("kind") == "end":
            raise StopIteration
        call = _Call(session, None)
        if header.get("kind") == "error":
            raise call.error(header, blob)
        return decoded(call.result, header, blob)

    content = {"__iter__": lambda self: self, "__next__": following}
    return codec.class_named(name, (), content)()


class _Call:
    """One call: what was lent for it, until the result is here."""

    def __init__(self, session, n):
        self.session, self.n = session, n
        self.table, self.methods, self.raised = codec.Table(), {}, []

    def made(self, args, named, is_profiled):
        """Send the call, serve what the answer calls, return its last message."""
        encoder = self._encoder()
        header = {
            **{"do": "call", "args": [encoder.ref(a) for a in args]},
            **{"named": {k: encoder.ref(v) for k, v in named.items()}},
            **{"entries": encoder.entries, "grad": torch.is_grad_enabled()},
            **{"profile": is_profiled},
        }
        self.session.send(header, encoder.blobs)
        while True:
            header, blob = self.session.receive()
            if header.get("kind") != "callback":
                return header, blob
            self._serve(header, blob)

    def result(self, header, blob):
        """Return the value, and make the arguments what the answer made of them."""
        decoder = self._decoder(header, blob, self._connect)
        value = decoder.value(header.get("value"))
        for n, term in header.get("changed") or ():
            _change(self.table.objects[n], decoder.fresh(term))
        return value

    def error(self, header, blob):
        """Return the exception that the answer raised, or that came through it."""
        lent = header.get("lent")
        if type(lent) is int and 0 <= lent < len(self.raised):
            return self.raised[lent]
        decoder = self._decoder(header, blob)
        error = decoded(codec.error_of, header.get("error"), decoder)
        return MemoryError() if isinstance(error, MemoryError) else error

    def _encoder(self):
        return codec.Encoder(self.table, True, self._lend)

    def _decoder(self, header, blob, connect=None):
        rest = self.table, special(self.session), connect
        return self.session.decoder(header, blob, *rest)

    def _lend(self, value, encoder):
        """Return the term of an object whose methods the student's code may call."""
        is_function = isinstance(value, types.FunctionType | types.MethodType | type)
        members = {} if is_function else vars(type(value))
        methods = [k for k, v in members.items() if k[0] != "_" and callable(v)]
        methods += ["__call__"] if callable(value) else []
        self.methods[id(value)] = methods
        content = [encoder.ref(v) for v in value] if isinstance(value, tuple) else None
        return ["r", type(value).__name__, content, methods]

    def _serve(self, header, blob):
        """Run the method of a lent object that the answer calls."""
        method, args, named = decoded(self._called, header, blob)
        encoder = self._encoder()
        try:
            reply = {"do": "answer", "value": encoder.ref(method(*args, **named))}
        except Exception as error:
            self.raised.append(error)
            reply = {"do": "raise", "lent": len(self.raised) - 1}
            reply["error"] = codec.error_term(error, encoder)
        self.session.send({**reply, "entries": encoder.entries}, encoder.blobs)

    def _called(self, header, blob):
        decoder = self._decoder(header, blob)
        lender = self.table.objects[header["object"]]
        if header["method"] not in self.methods[id(lender)]:
            raise Gone("not lent")
        args = [decoder.value(a) for a in header["args"]]
        named = {k: decoder.value(v) for k, v in header["named"].items()}
        return getattr(lender, header["method"]), args, named

    def _connect(self, numbers, raw):
        """Connect results to arguments: their gradients are computed over there."""
        learns = [
            (n, value)
            for n, value in self.table.objects.items()
            if isinstance(value, torch.Tensor) and value.requires_grad
        ]
        if not learns or self.n is None:
            return [tensor.requires_grad_() for tensor in raw]
        sources, inputs = zip(*learns, strict=True)

        def backward(gradients):
            due = [
                (n, g) for n, g in zip(numbers, gradients, strict=True) if g is not None
            ]
            return self._gradients(due, sources)

        return _Elsewhere.apply(backward, raw, *inputs)

    def _gradients(self, due, sources):
        encoder = codec.Encoder(codec.Table(), True, self._lend)
        header = {
            **{"do": "backward", "call": self.n, "outputs": [n for n, _ in due]},
            **{"grads": [encoder.ref(g) for _, g in due], "inputs": list(sources)},
            **{"entries": encoder.entries},
        }
        self.session.send(header, encoder.blobs)
        header, blob = self.session.receive()
        call = _Call(self.session, None)
        if header.get("kind") == "error":
            raise call.error(header, blob)
        found = decoded(call.result, header, blob)
        if not isinstance(found, list) or len(found) != len(sources):
            raise Gone("no gradients")
        return found


class _Elsewhere(torch.autograd.Function):
    """Results of the other side; backward(gradients) -> those of the inputs."""

    @staticmethod
    def forward(ctx, backward, raw, *inputs):
        ctx.ask = backward
        ctx.set_materialize_grads(False)
        return tuple(raw)

    @staticmethod
    def backward(ctx, *gradients):
        return None, None, *ctx.ask(gradients)


def _replay(seen, watch):
    """Tell a check's profiler which functions the answer called."""
    for event, file, name in seen[:_MOST_CALLS_SEEN]:
        code = types.SimpleNamespace(co_filename=str(file), co_name=str(name))
        function = types.SimpleNamespace(__name__=str(name))
        watch(types.SimpleNamespace(f_code=code), event, function)


def _change(target, new):
    """Make an argument what the answer's code made of it."""
    if isinstance(target, list):
        target[:] = new
    elif isinstance(target, dict | set):
        target.clear()
        target.update(new)
    elif isinstance(target, np.ndarray) and target.flags.writeable:
        target.shape = new.shape
        target[...] = new
    elif isinstance(target, torch.Tensor):
        target.data = new
