"""Crawl one site: the job comes as JSON on standard input, records go as JSON lines to standard output."""

import json
import os
import sys
from typing import Any

from scrapy.crawler import CrawlerProcess

from include.sources.site.spider import SiteSpider

LARGEST_PAGE_BYTES = 16 * 2**20


def main() -> None:
    """Lines of ``{"item": record}`` and ``{"failed": url, "reason": …}``, at last one ``{"finished": …}``."""
    # Nothing but our lines may reach standard output, whatever a library prints.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.load(sys.stdin)

    def write(message: dict[str, Any]) -> None:
        output.write(json.dumps(message) + "\n")
        output.flush()

    process = CrawlerProcess(_settings(job))
    process.crawl(SiteSpider, job=job, write=write)
    process.start()


def _settings(job: dict[str, Any]) -> dict[str, Any]:
    return {
        "USER_AGENT": "crm-autopilot (collects business contacts; obeys robots.txt)",
        "ROBOTSTXT_OBEY": True,
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": 0.1,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 4.0,
        "DOWNLOAD_DELAY": 0,
        "DOWNLOAD_TIMEOUT": 30,
        "DOWNLOAD_MAXSIZE": LARGEST_PAGE_BYTES,
        "CLOSESPIDER_PAGECOUNT": job["max_pages"],
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "WARNING",
    }


if __name__ == "__main__":
    main()
