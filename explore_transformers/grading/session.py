"""The judge's side: starts students' processes, and calls answers in them."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np
import torch

import explore_transformers
from explore_transformers.grading import codec, sandbox
from explore_transformers.grading.answer import Answer, Gone, decoded, special

_HIDDEN = {"exercises", "variants", "__pycache__"}
_START = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from explore_transformers.grading.worker import serve; "
    "serve(int(sys.argv[2]), sys.argv[3:])"
)


class Students:
    """Starts students' processes; a context manager.

    Args:
        hidden: names in the package that their processes don't have.

    Raises:
        NoSandbox: this system lacks what keeps them apart.
    """

    def __init__(self, hidden=_HIDDEN):
        if lacking := sandbox.missing():
            raise sandbox.NoSandbox(lacking)
        self._folder = tempfile.TemporaryDirectory(prefix="students-")
        room = Path(self._folder.name)
        package = _linked_package(room, hidden)
        here, there = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        paths = [room, *package, *_library_paths()]
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", _START, str(room), str(there.fileno()),
             *map(str, paths)],
            pass_fds=[there.fileno()], cwd=room, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8", "OMP_NUM_THREADS": "1", "HOME": str(room),
                 "PATH": os.defpath, "MPLBACKEND": "agg", "MPLCONFIGDIR": str(room)},
        )  # fmt: skip
        there.close()
        self._channel = here

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._channel.close()
        self._process.kill()
        self._process.wait()
        self._folder.cleanup()

    def start(self, module):
        """Return a Session with a fresh process that knows this module's names."""
        to_student, from_student = os.pipe(), os.pipe()
        ends = [to_student[0], from_student[1]]
        try:
            socket.send_fds(self._channel, [module.encode()], ends)
        finally:
            for end in ends:
                os.close(end)
        return Session(from_student[0], to_student[1])


def _linked_package(room, hidden):
    """Link the package's parts but the hidden ones in a folder; return their places."""
    package = Path(explore_transformers.__file__).parent
    (room / package.name).mkdir()
    parts = [part for part in package.iterdir() if part.name not in hidden]
    for part in parts:
        (room / package.name / part.name).symlink_to(part)
    return parts


def _library_paths():
    """Return what Python and its libraries read, without this book's package."""
    known = [Path(p) for p in sysconfig.get_paths().values()]
    sites = {p for p in known if p.name in ("site-packages", "dist-packages")}
    sites |= {Path(module.__file__).parents[1] for module in (np, torch)}
    base = Path(sys.base_prefix)
    library = Path(sysconfig.get_paths()["stdlib"])
    yield from (part for part in library.iterdir() if part not in sites)
    for site in sites:
        if site.is_dir():
            name = explore_transformers.__name__
            yield from (p for p in site.iterdir() if not p.name.startswith(name))
    yield from base.glob("lib/*.so*")
    yield from ("/lib", "/lib64", "/usr/lib", "/usr/lib64", "/etc/ld.so.cache")
    yield from ("/etc/localtime", "/usr/share/zoneinfo", "/usr/share/fonts")
    yield from ("/proc/cpuinfo", "/proc/meminfo", "/sys/devices/system/cpu")
    yield from ("/dev/zero", "/dev/urandom", "/dev/random")


class Session:
    """One student's process; a context manager that ends with its death."""

    def __init__(self, source, sink):
        self.source, self.sink, self._handle = source, sink, None

    def __enter__(self):
        header, _ = self.receive()
        self._handle = os.pidfd_open(int(header["pid"]))
        return self

    def __exit__(self, *_):
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            os.close(self._handle)
        os.close(self.source)
        os.close(self.sink)

    def run(self, cells, name):
        """Run cells, the answer's last.

        Returns: (kind, value): "missing"; "error" with the exception and its line or
        None; "value"; or "callable" with an Answer.

        Raises:
            Gone: the process ended, or said what makes no sense.
        """
        self.send({"do": "start", "cells": cells, "name": name})
        header, blob = self.receive()
        kind = header.get("kind")
        if kind == "missing":
            return kind, None
        if kind == "callable":
            return kind, Answer(self)
        decoder = self.decoder(header, blob, codec.Table(), special(self))
        if kind == "error":
            error = decoded(codec.error_of, header.get("error"), decoder)
            return kind, (error, header.get("line"))
        return "value", decoded(decoder.value, header.get("value"))

    def send(self, header, blobs=()):
        try:
            data = memoryview(codec.pack(header, blobs))
            while data:
                data = data[os.write(self.sink, data) :]
        except BrokenPipeError:
            raise Gone("ended") from None

    def receive(self):
        return decoded(codec.unpack, self._read)

    def decoder(self, header, blob, *rest):
        return decoded(codec.Decoder, header.get("entries", []), blob, *rest)

    def _read(self, n):
        parts = []
        while n:
            part = os.read(self.source, min(n, 2**20))
            if not part:
                raise Gone("ended")
            parts.append(part)
            n -= len(part)
        return b"".join(parts)
