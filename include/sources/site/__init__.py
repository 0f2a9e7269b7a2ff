"""The crawler of web sites, run as a program of its own: ``python -m include.sources.site``."""
