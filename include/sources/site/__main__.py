"""Crawl one site: the job comes as JSON on standard input, messages go as JSON lines to standard output."""

import json
import os
import sys
from typing import Any

from scrapy.crawler import CrawlerProcess

from include.sources.config.web import Web
from include.sources.site.spider import LARGEST_PAGE_BYTES, SiteSpider


def main() -> None:
    """A line for each page that was read or failed, at last one ``{"finished": …}``."""
    # Nothing but our lines may reach standard output, whatever a library prints.
    output = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    job = json.load(sys.stdin)

    def write(message: dict[str, Any]) -> None:
        try:
            output.write(json.dumps(message) + "\n")
            output.flush()
        except BrokenPipeError:
            os._exit(1)  # nobody reads what is found

    spider = SiteSpider
    if "preview" in job:
        from include.sources.site.preview import PreviewSpider as spider  # type: ignore[assignment]
    process = CrawlerProcess(_settings(Web.model_validate(job["web"])))
    process.crawl(spider, job=job, write=write)
    process.start()


def _settings(web: Web) -> dict[str, Any]:
    return {
        "USER_AGENT": web.user_agent,
        "ROBOTSTXT_OBEY": True,
        "DOWNLOADER_MIDDLEWARES": {
            "scrapy.downloadermiddlewares.robotstxt.RobotsTxtMiddleware": None,
            "include.sources.site.manners.Robots": 100,
        },
        "EXTENSIONS": {
            "scrapy.extensions.throttle.AutoThrottle": None,
            "include.sources.site.manners.Throttle": 0,
        },
        "AUTOTHROTTLE_ENABLED": True,
        "AUTOTHROTTLE_START_DELAY": max(0.1, web.delay_seconds),
        "AUTOTHROTTLE_TARGET_CONCURRENCY": float(web.concurrency),
        "CONCURRENT_REQUESTS_PER_DOMAIN": web.concurrency,
        # no more in the downloader than that: a crawl that ends waits for them
        "CONCURRENT_REQUESTS": web.concurrency * (1 + len(web.domains)),
        "DOWNLOAD_DELAY": web.delay_seconds,
        "DOWNLOAD_TIMEOUT": web.timeout_seconds,
        "DOWNLOAD_MAXSIZE": LARGEST_PAGE_BYTES,
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "RETRY_GIVE_UP_LOG_LEVEL": "INFO",
        "CLOSESPIDER_TIMEOUT": web.max_minutes * 60,
        # The spider knows which pages it has seen; near pages come first, so that depth is that of the shortest way.
        "DUPEFILTER_CLASS": "scrapy.dupefilters.BaseDupeFilter",
        "SCHEDULER_MEMORY_QUEUE": "scrapy.squeues.FifoMemoryQueue",
        "SPIDER_MIDDLEWARES": {
            "scrapy.spidermiddlewares.depth.DepthMiddleware": None,
            "scrapy.spidermiddlewares.urllength.UrlLengthMiddleware": None,
        },
        "COOKIES_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_LEVEL": "WARNING",
    }


if __name__ == "__main__":
    main()
