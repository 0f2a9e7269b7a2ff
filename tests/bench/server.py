"""The stand-in API: pages rendered before the first request, served from memory by a process of its own.

``python -m tests.bench.server ROWS SIZE`` writes its port to standard output when it is ready, and ends when its
standard input closes.
"""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import parse_qs, urlsplit

from include.settings import PROJECT
from tests.bench.data import contact_pages


@contextmanager
def serving(rows: int, size: int) -> Iterator[str]:
    """The address of a stand-in with so many contacts, ``size`` a page, at ``/contacts?limit=…&after=…``."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.server", str(rows), str(size)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=PROJECT,
        text=True,
    )
    try:
        assert process.stdin and process.stdout
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
        process.stdin.close()
        process.wait(10)
    finally:
        process.kill()
        process.wait()


class _Answers(asyncio.Protocol):
    def __init__(self, answers: dict[int, bytes]) -> None:
        self._answers, self._asked = answers, b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._asked += data
        while b"\r\n\r\n" in self._asked:
            head, _, self._asked = self._asked.partition(b"\r\n\r\n")
            query = parse_qs(urlsplit(head.split(b" ", 2)[1].decode()).query)
            self._transport.write(self._answers[int(query.get("after", ["0"])[0])])


async def _serve(answers: dict[int, bytes]) -> None:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Answers(answers), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.read)
    server.close()


def main() -> None:
    """Render, then serve."""
    rows, size = map(int, sys.argv[1:])
    answers = {
        number * size: b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%b"
        % (len(body), body)
        for number, body in enumerate(contact_pages(rows, size))
    }
    asyncio.run(_serve(answers))


if __name__ == "__main__":
    main()
