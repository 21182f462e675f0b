"""Whether a server answers, asked at no cost: its list of models."""

from seewhy.endpoints.client import extra_headers, headers_for
from seewhy.endpoints.plan import EndpointPlan
from seewhy.endpoints.secrets import read_key, redactor_for
from seewhy.endpoints.served_models import ServedModels, listed_models
from seewhy.endpoints.transport.http import HttpTransport
from seewhy.endpoints.transport.loop import BackgroundLoop

REMEDY = "start the server, or correct its address"
WITHIN_S = 5.0
"""Seconds in which a server must answer."""
REFUSED = (401, 403)


class Probe:
    """A short visit to one server; close it."""

    def __init__(self, endpoint: EndpointPlan) -> None:
        """ValueError where the key's variable is empty."""
        self.endpoint = endpoint
        self._key, self._more = read_key(endpoint.key_variable), extra_headers(endpoint)
        self._loop = BackgroundLoop(f"probe {endpoint.model}")

    def models(self) -> ServedModels:
        """The models that the server lists.

        Raises:
            ValueError: it does not answer, or refuses the key.
        """
        return self._loop.run(self._models())

    async def _models(self) -> ServedModels:
        place, say = self.endpoint.base_url, redactor_for(self._key, *self._more.values()).clean
        transport = HttpTransport(place, headers_for(place, self._key, self._more), self.endpoint.query)
        try:
            answer = await transport.get("/models", WITHIN_S)
        except (OSError, TimeoutError) as error:
            why = say(str(error)) or f"no answer within {WITHIN_S:g} s"
            raise ValueError(f"{place} does not answer ({why}): {REMEDY}") from error
        finally:
            await transport.close()
        if answer.status in REFUSED:
            key = self.endpoint.key_variable or "no key was given: name its variable as key_variable"
            raise ValueError(f"{place} refuses the key ({answer.status}; {key})")
        return listed_models(answer.body) if answer.status == 200 else ServedModels(names=())

    def close(self) -> None:
        """Let the connection go."""
        self._loop.close()
