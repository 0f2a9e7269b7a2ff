"""What can keep a skeleton from being written."""


class SkeletonError(Exception):
    """No skeleton can be made of what was given, or it would overwrite a file; nothing was written."""
