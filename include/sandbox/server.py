"""One process on loopback: the web site at /, the CRM at /crm, the help desk at /api/v2, the controls at /_sandbox."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response

from include.sandbox.controls import Controls
from include.sandbox.crm_api import Crm
from include.sandbox.helpdesk_api import HelpDesk
from include.sandbox.mailbox import protocol
from include.sandbox.site import Site
from include.sandbox.web import json
from include.sandbox.world import World

HOST = "127.0.0.1"
LOOKS_EVERY = 5.0  # seconds between looks at the clock, so that order files come without a request


async def _not_found(request: Request, error: Exception) -> Response:
    return json({"error": "not found"}, 404)


def make_app(world: World, smtp_port: int | None = None) -> Starlette:
    @contextlib.asynccontextmanager
    async def running(_: Starlette) -> AsyncIterator[None]:
        async def keep_up() -> None:
            while True:
                await asyncio.sleep(LOOKS_EVERY)
                world.refresh()

        mail = None
        if smtp_port is not None:
            mail = await asyncio.get_running_loop().create_server(lambda: protocol(world), HOST, smtp_port)
        watch = asyncio.create_task(keep_up())
        yield
        watch.cancel()
        if mail is not None:
            mail.close()

    parts = (Controls(world), Crm(world), HelpDesk(world), Site(world))
    routes = [route for part in parts for route in part.routes()]
    return Starlette(routes=routes, lifespan=running, exception_handlers={404: _not_found})


def serve(world: World, listening: socket.socket, smtp_port: int | None) -> None:
    """Serves until SIGTERM or SIGINT."""
    config = uvicorn.Config(
        make_app(world, smtp_port), log_level="warning", access_log=False, timeout_graceful_shutdown=3
    )
    uvicorn.Server(config).run(sockets=[listening])
