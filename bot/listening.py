"""Taking the port before the heavy loading starts, and serving an application on it."""

import ctypes
import errno
import os
import signal
import socket
import sys
from collections.abc import Callable
from types import FrameType

import uvicorn

from bot.errors import SettingsError
from bot.waking import Opening, Waking

PATIENCE = 5.0
"""Seconds that a stop waits for answers that are on their way, and then for a step of the opening."""


HEAPS = 2
"""Heaps that glibc's malloc shares out among all threads. By default it gives each thread its own, and what
many turns at once have needed is never given back."""
M_ARENA_MAX = -8
"""What mallopt(3) calls that setting."""


def listen(host: str, port: int) -> socket.socket:
    """A socket bound to the address. Raises SettingsError when it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        bound = socket.socket(family, kind, protocol)
    except OSError as error:
        raise SettingsError(f"host {host!r} is no address of this machine: {error.strerror}") from error
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(address)
    except OSError as error:
        bound.close()
        if error.errno == errno.EADDRINUSE:
            raise SettingsError(f"port {port} of {host} is in use; choose another with --port") from error
        raise SettingsError(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return bound


def address_of(bound: socket.socket) -> str:
    """The URL of the page behind a bound socket."""
    host, port = bound.getsockname()[:2]
    return f"http://{f'[{host}]' if ':' in host else host}:{port}/ui/"


def serve(opening: Opening, bound: socket.socket, ready: Callable[[], None]) -> None:
    """Open the application and answer until the process is asked to stop (SIGINT, SIGTERM).

    The port answers at once; `ready` is called when the application does. Raises what `opening` raised.
    """
    share_heaps()
    waking = Waking(opening, ready, failed=lambda: server.stop())
    server = _Server(uvicorn.Config(waking, log_level="warning", timeout_graceful_shutdown=int(PATIENCE)))
    server.run(sockets=[bound])
    if not waking.close(PATIENCE):
        # A thread amid the loading of weights cannot be ended, and Python may crash over one at its exit.
        # What the opening writes, it writes so that being cut off does no harm.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
    if waking.failure is not None:
        raise waking.failure


def share_heaps() -> bool:
    """Bound the heaps of this process; False where its C library knows no such thing."""
    if sys.platform != "linux" or "MALLOC_ARENA_MAX" in os.environ:
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and bool(mallopt(M_ARENA_MAX, HEAPS))


class _Server(uvicorn.Server):
    def stop(self) -> None:
        self.should_exit = True

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # uvicorn would raise the signal again after its shutdown; a stop that was asked for is no error.
        self.force_exit = self.should_exit and sig == signal.SIGINT
        self.stop()
