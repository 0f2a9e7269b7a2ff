"""Ports of 127.0.0.1."""

import socket
from collections.abc import Collection

from include.local.errors import ServiceError

HOST = "127.0.0.1"


def is_free(port: int) -> bool:
    """Whether a server could listen on this port of 127.0.0.1 now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port whose last connections are still closing counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def first_free(preferred: int, taken: Collection[int] = ()) -> int:
    """The preferred port, or the next free one after it; ``taken`` are ports promised to others.

    :raises ServiceError: when none of the hundred ports from ``preferred`` is free.
    """
    for port in range(preferred, min(preferred + 100, 65536)):
        if port not in taken and is_free(port):
            return port
    raise ServiceError(f"None of the ports {preferred} to {preferred + 99} on {HOST} is free. Stop what listens there.")
