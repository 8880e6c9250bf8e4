"""A time and a memory limit, so that no answer hangs or kills the notebook's kernel.

Both hold where the system has them: the time limit in the main thread of Linux and
macOS, the memory limit on Linux. Elsewhere a check runs without.
"""

import contextlib
import signal
import sys
import threading
import time

SECONDS = 10.0
BYTES = 2 * 2**30


class TimeUp(BaseException):
    """The time is up; no Exception, so that `except Exception` doesn't stop it."""


@contextlib.contextmanager
def limited():
    """Raise TimeUp or MemoryError in what runs too long or takes too much memory."""
    with _time_limit(SECONDS), _memory_limit(BYTES):
        yield


@contextlib.contextmanager
def _time_limit(seconds):
    is_main = threading.current_thread() is threading.main_thread()
    if not (is_main and hasattr(signal, "setitimer")):
        yield
        return

    def stop(*_):
        raise TimeUp

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, stop)
    # It rings again each second: a bare `except:` inside the loop may catch one.
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler or signal.SIG_DFL)
        if left:
            left = max(left - (time.monotonic() - started), 1e-3)
            signal.setitimer(signal.ITIMER_REAL, left, interval)


@contextlib.contextmanager
def _memory_limit(more):
    """Allow `more` bytes of address space on top of what is in use now."""
    if sys.platform != "linux":
        yield
        return
    import resource

    before, hard = resource.getrlimit(resource.RLIMIT_AS)
    limits = [limit for limit in (before, hard) if limit != resource.RLIM_INFINITY]
    soft = min([_address_space() + more, *limits])
    resource.setrlimit(resource.RLIMIT_AS, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, hard))


def _address_space():
    import resource

    with open("/proc/self/statm", encoding="ascii") as pages:
        return int(pages.read().split()[0]) * resource.getpagesize()
