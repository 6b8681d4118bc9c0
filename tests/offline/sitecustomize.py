"""Put on PYTHONPATH: connections beyond this machine fail, and each attempt is written down.

An audit hook sees what any Python code does with sockets, however it came by them.
"""

import ipaddress
import os
import sys

ATTEMPTS = os.environ.get("CONNECTION_ATTEMPTS")


def _is_local(host):
    if host in (None, "", b"", "localhost", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False


def _watch(event, arguments):
    if event in ("socket.connect", "socket.sendto", "socket.sendmsg"):
        address = arguments[1]
        if not isinstance(address, tuple):  # a Unix socket, or one that is connected already
            return
        host = address[0]
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"):
        host = arguments[0]
    else:
        return
    if not _is_local(host) and host != "0.0.0.0":
        with open(ATTEMPTS, "a", encoding="utf-8") as file:
            file.write(f"{event} {host!r} by {' '.join(sys.argv)}\n")
        raise OSError(f"{event}: {host!r} is not on this machine")


if ATTEMPTS:
    sys.addaudithook(_watch)
