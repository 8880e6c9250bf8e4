"""The student's side: a process with the libraries, and a fork of it for each answer.

The parent reads no student's work: each child takes its own from its pipe. Nothing
here is trusted by the judge.
"""

import contextlib
import functools
import gc
import importlib
import os
import socket
import sys

import numpy as np
import torch

from explore_transformers.grading import codec, sandbox

CELL, HELPER = "<answer>", "<cell>"
_BASE = (
    "import collections, copy, functools, itertools, math, random, re\n"
    "from collections import Counter, defaultdict\n"
    "from itertools import pairwise\n"
    "import numpy as np\n"
    "import torch\n"
    "import torch.nn.functional as F\n"
    "from torch import nn\n"
)


def serve(channel, paths):
    """Fork a child for each request that comes over the socket, until it closes.

    Args:
        channel: the number of a SOCK_SEQPACKET socket; a request is a module's name,
            with the child's two ends of a pipe.
        paths: what may be read from now on.
    """
    requests = socket.socket(fileno=channel)
    torch.set_num_threads(1)
    size = os.open("/proc/self/statm", os.O_RDONLY, 0)  # later it can't be opened
    sandbox.see_only(paths)
    while True:
        module, ends, _, _ = socket.recv_fds(requests, 200, 2)
        if not module:
            return
        _bury()
        names = names_of(module.decode())
        gc.freeze()  # so that forks share what is here
        if os.fork() == 0:
            _child(requests, ends, names, size)
        for end in ends:
            os.close(end)


def _bury():
    """Wait for children that have ended: so the time that they took is counted."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


@functools.cache
def names_of(module):
    """Return the names that a module offers to answers, imported once for all forks."""
    names = {}
    exec(_BASE, names)
    offered = vars(importlib.import_module(module)).items()
    return names | {k: v for k, v in offered if not k.startswith("__")}


def _child(requests, ends, names, size):
    """Answer the judge until it has enough; never returns."""
    with contextlib.suppress(BaseException):
        # Its parent's, and so its own; other forks read the file at the same time.
        pages = int(os.pread(size, 100, 0).split()[0])
        os.close(size)
        requests.close()
        os.dup2(ends[0], 10)
        os.dup2(ends[1], 11)
        os.closerange(3, 10)
        os.closerange(12, 4096)
        torch.manual_seed(0)
        np.random.seed(0)
        student = _Student(10, 11, dict(names, __name__="__main__"))
        student.send({"pid": os.getpid()})
        sandbox.confine(pages)
        student.run()
    os._exit(0)


class _Remote:
    """What the judge lends: its methods run on the judge's side."""


def _remote(student, n, name, content, methods):
    """Return a stand-in of an object of the judge's."""

    def method(called):
        return lambda self, *args, **named: student.callback(n, called, args, named)

    bases = (_Remote,) if content is None else (_Remote, tuple)
    members = {called: method(called) for called in methods}
    members["__repr__"] = lambda self: f"<{name}>"
    made = codec.class_named(name, bases, members)
    return made() if content is None else made(content)


class _Student:
    """Runs the cells, then calls of the answer, one message at a time."""

    def __init__(self, source, sink, names):
        self.source, self.sink, self.names = source, sink, names
        self.table, self.answer = codec.Table(), None
        self.calls, self.iterators, self.errors = [], [], {}

    def run(self):
        while True:
            header, blob = self.receive()
            getattr(self, "do_" + header["do"])(header, blob)

    def read(self, n):
        parts = []
        while n:
            part = os.read(self.source, min(n, 2**20))
            if not part:
                os._exit(0)
            parts.append(part)
            n -= len(part)
        return b"".join(parts)

    def receive(self):
        return codec.unpack(self.read)

    def send(self, header, blobs=()):
        data = memoryview(codec.pack(header, blobs))
        while data:
            data = data[os.write(self.sink, data) :]

    def decoder(self, header, blob):
        return codec.Decoder(header["entries"], blob, self.table, self.special)

    def encoder(self):
        return codec.Encoder(self.table, False, self.other)

    # ---- what the judge asks for

    def do_start(self, header, _):
        """Run the cells, the answer's last, and say what its name is bound to."""
        failed = None
        *helpers, _ = cells = header["cells"]
        for i, cell in enumerate(cells):
            try:
                file = HELPER if i < len(helpers) else CELL
                code = compile(cell, file, "exec", dont_inherit=True)
                exec(code, self.names)
                failed = None
            except BaseException as error:
                failed = error
        if failed is not None:
            return self.fail(failed)
        if header["name"] not in self.names:
            return self.send({"kind": "missing"})
        self.answer = self.names[header["name"]]
        if callable(self.answer) and not isinstance(self.answer, torch.Tensor):
            kind = type(self.answer).__name__
            return self.send({"kind": "callable", "type": kind})
        return self.give(self.answer, kind="value")

    def do_call(self, header, blob):
        self.table, self.errors = codec.Table(), {}
        self.calls.append(([], self.table))
        decoder = self.decoder(header, blob)
        args = [decoder.value(a) for a in header["args"]]
        named = {k: decoder.value(v) for k, v in header["named"].items()}
        known = list(self.table.objects.items())
        before = {n: self.state(value) for n, value in known}
        seen = []
        try:
            with torch.set_grad_enabled(header["grad"]):
                profile = self.profile(seen) if header["profile"] else None
                sys.setprofile(profile)
                try:
                    value = self.answer(*args, **named)
                finally:
                    sys.setprofile(None)
        except BaseException as error:
            return self.fail(error, seen)
        changed = [n for n, v in known if self.state(v) != before[n]]
        return self.give(value, changed, self.calls[-1][0], kind="value", seen=seen)

    def do_backward(self, header, blob):
        decoder = codec.Decoder(header["entries"], blob, codec.Table(), self.special)
        grads = [decoder.value(g) for g in header["grads"]]
        results, table = self.calls[header["call"]]
        outputs = [results[-1 - n] for n in header["outputs"]]
        inputs = [table.objects[n] for n in header["inputs"]]
        self.table = codec.Table()
        try:
            found = torch.autograd.grad(
                outputs, inputs, grads, retain_graph=True, allow_unused=True
            )
        except BaseException as error:
            return self.fail(error)
        return self.give(list(found), kind="value")

    def do_next(self, header, _):
        try:
            value = next(self.iterators[header["iterator"]])
        except StopIteration:
            return self.send({"kind": "end"})
        except BaseException as error:
            return self.fail(error)
        return self.give(value, kind="value")

    # ---- what goes back

    def give(self, value, changed=(), results=None, **header):
        try:
            encoder = self.encoder()
            encoder.kept = [] if results is None else results  # for their gradients
            header["value"] = encoder.ref(value)
            terms = [[n, encoder.whole(self.table.objects[n])] for n in changed]
            header |= {"entries": encoder.entries, "changed": terms}
            self.send(header, encoder.blobs)
        except (MemoryError, RecursionError) as error:
            self.fail(error)

    def fail(self, error, seen=()):
        encoder = self.encoder()
        header = {"kind": "error", "error": codec.error_term(error, encoder)}
        header["lent"] = next((n for n, e in self.errors.items() if e is error), None)
        header["line"] = _own_line(error)
        header["inside"] = error.__traceback__.tb_next is not None
        header |= {"entries": encoder.entries, "seen": list(seen)}
        self.send(header, encoder.blobs)

    def callback(self, n, method, args, named):
        """Let the judge run one of its objects' methods, for the answer's code."""
        encoder = self.encoder()
        header = {
            **{"kind": "callback", "object": n, "method": method},
            **{"args": [encoder.ref(a) for a in args]},
            **{"named": {k: encoder.ref(v) for k, v in named.items()}},
            **{"entries": encoder.entries},
        }
        profile = sys.getprofile()
        sys.setprofile(None)
        try:
            self.send(header, encoder.blobs)
            header, blob = self.receive()
            decoder = self.decoder(header, blob)
            if header["do"] == "raise":
                error = codec.error_of(header["error"], decoder)
                self.errors[header["lent"]] = error
                raise error
            return decoder.value(header["value"])
        finally:
            sys.setprofile(profile)

    def state(self, value):
        """Return what tells whether an object was changed: its term and its bytes."""
        if not isinstance(value, list | dict | set | np.ndarray | torch.Tensor):
            return None
        encoder = self.encoder()
        return encoder.whole(value), encoder.entries, encoder.blobs

    def other(self, value, encoder):
        """Return the term of what is no plain value: its kind, and what it can do."""
        for base in (str, int, float, list, tuple, set, frozenset, dict):
            if isinstance(value, base):
                return encoder.term(base(value))
        if isinstance(value, torch.Tensor):
            return encoder.term(value.to_dense())
        if isinstance(value, range):
            return ["R", value.start, value.stop, value.step]
        if isinstance(value, BaseException):
            return ["E", codec.error_term(value, encoder)]
        if hasattr(type(value), "__next__"):
            self.iterators.append(value)
            return ["I", type(value).__name__, len(self.iterators) - 1]
        return ["x", type(value).__name__, callable(value)]

    def special(self, term, n, decoder):
        if term[0] == "r":
            _, name, content, methods = term
            content = content and [decoder.value(r) for r in content]
            return _remote(self, n, name, content, methods)
        raise codec.BadMessage(term[0])

    def profile(self, seen):
        """Return a profiler that notes which functions are called, from which file."""

        def watch(frame, event, function):
            if event == "c_call":
                seen.append(["c_call", "", getattr(function, "__name__", "")])
            elif event == "call":
                code = frame.f_code
                seen.append(["call", code.co_filename, code.co_name])

        return watch


def _own_line(error):
    """Return the deepest line of the answer's cell in a traceback, or None."""
    line, step = None, error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename == CELL:
            line = step.tb_lineno
        step = step.tb_next
    return line
