"""A first definition, staging statement and suite of a source, made of one sample of it: ``./crm source new``."""

from include.sources.errors import SkeletonError
from include.sources.skeleton.database import database_skeleton
from include.sources.skeleton.files import files_skeleton
from include.sources.skeleton.model import Asked, Skeleton
from include.sources.skeleton.rest import rest_skeleton
from include.sources.skeleton.site import site_skeleton
from include.sources.skeleton.write import Written, write

__all__ = [
    "Asked",
    "Skeleton",
    "SkeletonError",
    "Written",
    "database_skeleton",
    "files_skeleton",
    "rest_skeleton",
    "site_skeleton",
    "write",
]
