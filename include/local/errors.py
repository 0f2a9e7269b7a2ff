"""What goes wrong with the services of this machine, said to the person who started them."""


class ServiceError(RuntimeError):
    """A service cannot be started, reached or stopped; the text says what, where and what to do next."""
