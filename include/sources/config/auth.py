"""How a source is shown who asks, as its YAML describes it. The secrets themselves are in the connection."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from include.config_files import StrictModel
from include.sources.config.request import Request, placeholders

_Header = Annotated[str, Field(pattern=r"^[A-Za-z0-9-]+$")]


class NoAuth(StrictModel):
    """Nothing."""

    kind: Literal["none"] = "none"


class BearerAuth(StrictModel):
    """``Authorization: Bearer`` with the connection's password."""

    kind: Literal["bearer"]


class BasicAuth(StrictModel):
    """``Authorization: Basic`` with the connection's login and password."""

    kind: Literal["basic"]


class HeaderAuth(StrictModel):
    """The connection's password in the header ``name``."""

    kind: Literal["header"]
    name: _Header


class QueryAuth(StrictModel):
    """The connection's password in the parameter ``name`` of the query."""

    kind: Literal["query"]
    name: Annotated[str, Field(min_length=1)]


class OAuth2Auth(StrictModel):
    """A bearer token, asked for with the client's id (the connection's login) and secret (its password).

    ``refresh_token`` also sends the refresh token, from the connection's extra. ``client_auth`` says where id and
    secret go: into the form or into a basic ``Authorization``. ``token_path`` comes after the connection's address;
    ``token_url`` is for tokens that another host gives.
    """

    kind: Literal["oauth2"]
    grant: Literal["client_credentials", "refresh_token"]
    token_path: Annotated[str, Field(pattern=r"^/")] | None = None
    token_url: Annotated[str, Field(pattern=r"^(https://[^/]|http://(127\.0\.0\.1|localhost)[:/])")] | None = None
    scope: str | None = None
    client_auth: Literal["body", "basic"] = "body"

    @model_validator(mode="after")
    def _one_place(self) -> "OAuth2Auth":
        if (self.token_path is None) == (self.token_url is None):
            raise ValueError("give token_path or token_url: where tokens are asked for")
        return self


class LoginAuth(StrictModel):
    """A token that ``request`` is answered with, at the path ``token``; ``{login}`` and ``{password}`` stand for the
    connection's. It goes along as a bearer token, or in the header ``name``."""

    kind: Literal["login"]
    request: Request
    token: str
    name: _Header | None = None

    @model_validator(mode="after")
    def _secrets_have_their_place(self) -> "LoginAuth":
        if placeholders(self.request.path):
            raise ValueError("request.path: takes no placeholder: it is shown in messages")
        if not {"password"} <= self.request.placeholders() <= {"login", "password"}:
            raise ValueError("request: takes {password} and {login} in params or body, and {password} must be there")
        return self


Auth = Annotated[
    NoAuth | BearerAuth | BasicAuth | HeaderAuth | QueryAuth | OAuth2Auth | LoginAuth, Field(discriminator="kind")
]
