"""Links from a task to the pages that tell of what it made."""

from airflow.sdk import BaseOperatorLink

PAGES = "/crm/pages"


class PagesLink(BaseOperatorLink):
    """
    A button of a task that leads to what its operator names as ``pages``, an address, once it has run.

    :param name: on the button.
    """

    def __init__(self, name: str = "CRM") -> None:
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    def get_link(self, operator, *, ti_key) -> str:
        return operator.pages  # asked in the task's own process, after it has run


def pages_url(path: str) -> str:
    """The address of one of the pages in Airflow."""
    from airflow.configuration import conf

    return f"{str(conf.get('api', 'base_url', fallback='')).rstrip('/')}{PAGES}/{path}"
