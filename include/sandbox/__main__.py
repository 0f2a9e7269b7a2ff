"""python -m include.sandbox: serves the made-up company on 127.0.0.1."""

import argparse
import socket
import sys
from datetime import date
from pathlib import Path

from include.sandbox.catalog import CRM_TOKEN, DESK_TOKEN, SELLER
from include.sandbox.hours import parse
from include.sandbox.model import Company
from include.sandbox.server import HOST, serve
from include.sandbox.world import World


def _instant(text: str) -> int | None:
    if text == "real":
        return None
    try:
        return parse(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is neither an ISO instant nor 'real'") from None


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a date like 2025-06-01") from None


def _count(text: str) -> int:
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m include.sandbox",
        description=f"Serves {SELLER}, a made-up company, on {HOST}: a web site at /, a CRM at /crm, a help desk at "
        "/api/v2, order files in the state folder, a mail box, and its own controls at /_sandbox.",
        epilog="The same seed, start and sizes always give the same company.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("--host", default=HOST, help="address to listen on; another than this only inside a container")
    parser.add_argument("--port", type=int, default=8765, help="port of the web site and the APIs; 0 takes a free one")
    parser.add_argument("--smtp-port", type=int, help="port of the mail box; without it there is none")
    parser.add_argument("--state", type=Path, help="folder for the order files (in its subfolder orders)")
    parser.add_argument("--seed", type=int, default=7, help="another seed is another company")
    parser.add_argument("--start", type=_day, default=date(2025, 6, 1), help="first day of the company's records")
    parser.add_argument("--months", type=_count, default=18, help="months that the sizes are for; 4 more follow")
    parser.add_argument("--companies", type=_count, default=400, help="customer firms")
    parser.add_argument("--people", type=_count, default=1200, help="people in those firms")
    parser.add_argument("--deals", type=_count, default=900, help="deals")
    parser.add_argument("--tickets", type=_count, default=3000, help="help-desk tickets")
    parser.add_argument(
        "--local-currencies", action="store_true", help="bill each customer in its country's currency, not all in USD"
    )
    parser.add_argument(
        "--now", type=_instant, default="real", help="the clock: an ISO instant at which it stands, or real"
    )
    parser.add_argument("--rate-limit", type=int, default=100, help="CRM requests in 10 seconds; 0 lifts all limits")
    parser.add_argument("--crm-token", default=CRM_TOKEN, help="bearer token of the CRM")
    parser.add_argument("--helpdesk-token", default=DESK_TOKEN, help="API token of the help desk (user/token:TOKEN)")
    return parser


def main() -> int:
    args = _parser().parse_args()
    listening = socket.socket()
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((args.host, args.port))
        listening.listen(512)  # who reads the address may call at once, and waits until the server takes the call
    except OSError as wrong:
        print(
            f"The sandbox cannot listen on {args.host}:{args.port}: {wrong.strerror}. Choose another --port.",
            file=sys.stderr,
        )
        return 1
    company = Company.generate(
        args.seed,
        args.start,
        args.companies,
        args.people,
        args.deals,
        args.tickets,
        args.months,
        args.local_currencies,
    )
    world = World(
        company,
        args.now,
        args.state / "orders" if args.state else None,
        args.crm_token,
        args.helpdesk_token,
        args.rate_limit,
    )
    print(f"{SELLER} is open at http://{args.host}:{listening.getsockname()[1]}", flush=True)
    serve(world, listening, args.smtp_port)
    return 0


if __name__ == "__main__":
    sys.exit(main())
