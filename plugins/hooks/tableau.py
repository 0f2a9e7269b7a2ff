"""Tableau Server or Tableau Cloud as a connection of Airflow's."""

from airflow.providers.tableau.hooks.tableau import TableauHook


class TokenTableauHook(TableauHook):
    """
    The provider's hook, which also signs in with a personal access token: Tableau Cloud takes no password.

    :param tableau_conn_id: a connection of type tableau. With ``{"auth": "pat"}`` in its extra, login is the token's
        name and password its secret.
    """

    def get_conn(self):
        """Sign in; returns what signs out when it is left."""
        if self.conn.extra_dejson.get("auth") != "pat":
            return super().get_conn()
        from tableauserverclient import PersonalAccessTokenAuth

        token = PersonalAccessTokenAuth(self.conn.login or "", self.conn.password or "", self.site_id)
        return self.server.auth.sign_in(token)
