"""OCI as the ``transport=`` of an ``httpx`` or ``httpx2`` client, which then speaks OpenAI's API.

::

    client = openai.OpenAI(api_key="OCI", http_client=httpx2.Client(transport=OciTransport()))

Whatever takes an ``http_client`` reaches OCI so. A request is read here, answered by
``openai_api/``, and never sent anywhere but to OCI. Connections are ocicat's own, so a
transport may be used by any number of threads and event loops, and there is nothing to close. The
key that a client sends is not looked at: who calls is OCI's identity.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any, ClassVar, Unpack

from ocicat.client import openai_api
from ocicat.client.http_libraries import bases, library_of
from ocicat.client.options import unknown_parameter
from ocicat.client.response_store import ResponseStore
from ocicat.client.settings import ConnectionArguments, Settings
from ocicat.errors import (
    APIConnectionError,
    APITimeoutError,
    InvalidSetting,
    StreamBroken,
    TransportError,
)
from ocicat.routing import deployments, regions
from ocicat.vocabulary.flow import Flow, Timeout

if TYPE_CHECKING:
    from ocicat.transport import aio, sync

__all__ = ["FOR_OCI", "AsyncOciTransport", "OciTransport"]

#: The extension of a request that names, in lower case, the headers that OCI is to see too.
FOR_OCI = "ocicat_for_oci"

#: Seconds in place of no time-out at all.
_A_DAY = 86400.0
_SIGNED = "Signature "


class _Face:
    """From an HTTP request to the flow that answers it.

    * ``auth``: one of ocicat's auth classes, such as ``OciSessionAuth()``, or a signer of the
      ``oci`` SDK; left out, whoever the environment and the OCI config file speak of.
    * ``region``, ``compartment_id``, ``project``, ``profile``: short for the connection arguments
      ``oci_region``, ``oci_compartment_id``, ``oci_project_id``, ``oci_profile``, which are taken
      as well, like all :class:`~ocicat.client.settings.ConnectionArguments`.
    * ``drop_params``: leave out, with a note in the reply, what a model cannot be told.
    * ``follow_base_url``: go to the base URL of the client, whatever it is, such as that of a
      private endpoint. Otherwise it only counts where it is the URL of a model deployment of Data
      Science, or, unless a region is given, of OCI's service in a region.
    * ``response_store``: keeps the responses that OCI does not, in place of the usual file.
    * ``http_client``: a client of the same kind, whose proxies, certificates, hooks and headers
      are to be used. Otherwise the connections are ocicat's own.

    A request's own ``opc-compartment-id``, and its ``OpenAI-Project`` if that is an OCID, come
    before the arguments.
    """

    #: The class of the clients that it serves.
    _client: ClassVar[str]

    def __init__(
        self,
        *,
        auth: Any = None,
        region: str | None = None,
        compartment_id: str | None = None,
        project: str | None = None,
        profile: str | None = None,
        drop_params: bool = False,
        follow_base_url: bool = False,
        response_store: ResponseStore | None = None,
        http_client: Any = None,
        **connection: Unpack[ConnectionArguments],
    ) -> None:
        for name in connection:
            if name not in ConnectionArguments.__annotations__:
                raise unknown_parameter(name, _ARGUMENTS, type(self).__name__)
        if http_client is not None and not isinstance(http_client, bases(self._client)):
            raise InvalidSetting(
                f"`http_client` must be of the class {self._client} of httpx2 or httpx, not"
                f" {type(http_client).__name__}.",
                setting="http_client",
            )
        given: dict[str, Any] = {
            **connection,
            **({_identity_argument(auth): auth} if auth is not None else {}),
        }
        short = {
            "oci_region": region,
            "oci_compartment_id": compartment_id,
            "oci_project_id": project,
            "oci_profile": profile,
        }
        for name, value in short.items():
            given[name] = given.get(name) if value is None else value
        self._options = {name: value for name, value in given.items() if value is not None}
        self._drop_params = drop_params
        self._follow_base_url = follow_base_url
        self._response_store = response_store
        self._http_client = http_client

    def _flow(self, request: Any) -> Flow[None]:
        """What answers ``request``, all of which has been read."""
        path, _, query = request.url.raw_path.decode("ascii").partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        if openai_api.base_of(path) is None and headers.get("authorization", "").startswith(
            _SIGNED
        ):
            raise InvalidSetting(
                "A request that is signed and ready for OCI was given to ocicat's transport.",
                setting="http_client",
                hint="Give `http_client=` a client without it: it is what the transport sends by.",
            )
        asked = openai_api.Asked(
            method=request.method,
            path=path,
            query=query,
            headers=headers,
            for_oci=request.extensions.get(FOR_OCI, ()),
            body=request.content,
            store=self._response_store,
        )
        options = {
            **self._options,
            **self._place(request.url, path),
            **_named_in(headers),
            "timeout": _timeout(request.extensions.get("timeout") or {}),
            # The client repeats requests by a policy of its own.
            "max_retries": 0,
        }
        if self._drop_params:
            options["drop_params"] = True
        return openai_api.answer(asked, options)

    def _place(self, url: Any, path: str) -> dict[str, str]:
        """What the client's base URL says of where to go."""
        base = openai_api.base_of(path)
        if base is None or "api_base" in self._options:
            return {}
        host = url.netloc.decode("ascii")
        if deployments.KIND in base:
            deployment = deployments.find("", f"{url.scheme}://{host}{base}")
            if deployment is not None:
                assert deployment.address is not None
                # Where everything of OCI is said to be somewhere else, a deployment is there too.
                general = Settings(self._options).get("api_base") or ""
                origin = general.rstrip("/") if "://" in general else f"{url.scheme}://{host}"
                return {"api_base": origin + base.removeprefix(deployment.address.path)}
        region = _region_of(host)
        if region:
            return {} if "oci_region" in self._options else {"oci_region": region}
        return {"api_base": f"{url.scheme}://{host}{base}"} if self._follow_base_url else {}


_ARGUMENTS = frozenset(_Face.__init__.__kwdefaults__ or ())


class OciTransport(_Face, *bases("BaseTransport")):  # type: ignore[misc]  # found at import
    __doc__ = f"A transport for ``httpx.Client`` and ``httpx2.Client``.\n\n{_Face.__doc__}"

    _client = "Client"

    def handle_request(self, request: Any) -> Any:
        """The answer, the body of which is read as it is wanted.

        Raises :class:`~ocicat.errors.ConfigurationError` kin, and errors of the library that the
        request belongs to where no answer arrived.
        """
        request.read()
        run = _run(self._flow(request), self._http_client)
        with _in_words_of(request):
            head = run.next_chunk(dict)
        return library_of(request).Response(
            head["status"], headers=head["headers"], stream=_Body(run, request)
        )


class AsyncOciTransport(_Face, *bases("AsyncBaseTransport")):  # type: ignore[misc]  # as above
    __doc__ = (
        f"A transport for ``httpx.AsyncClient`` and ``httpx2.AsyncClient``, on asyncio."
        f"\n\n{_Face.__doc__}"
    )

    _client = "AsyncClient"

    async def handle_async_request(self, request: Any) -> Any:
        """The same as :meth:`OciTransport.handle_request`, on the running event loop."""
        await request.aread()
        run = _async_run(self._flow(request), self._http_client)
        with _in_words_of(request):
            head = await run.next_chunk(dict)
        return library_of(request).Response(
            head["status"], headers=head["headers"], stream=_AsyncBody(run, request)
        )


class _Body(*bases("SyncByteStream")):  # type: ignore[misc]  # the bases are found at import
    """The body of an answer, as it arrives. Leaving it early ends the request."""

    def __init__(self, run: sync.Run, request: Any) -> None:
        self._run = run
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        with _in_words_of(self._request):
            while True:
                try:
                    piece = self._run.next_chunk(_data)
                except StopIteration:
                    return
                yield piece

    def close(self) -> None:
        self._run.close()

    def __del__(self) -> None:
        self.close()


class _AsyncBody(*bases("AsyncByteStream")):  # type: ignore[misc]  # the bases are found at import
    """The same on an event loop."""

    def __init__(self, run: aio.Run, request: Any) -> None:
        self._run = run
        self._request = request

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _in_words_of(self._request):
            while True:
                try:
                    piece = await self._run.next_chunk(_data)
                except StopAsyncIteration:
                    return
                yield piece

    async def aclose(self) -> None:
        self._run.close()

    def __del__(self) -> None:
        self._run.close()


def _run(flow: Flow[None], http_client: Any) -> sync.Run:
    from ocicat.transport import sync

    if http_client is None:
        return sync.Run(flow)
    from ocicat.client import httpx_carrier

    return sync.Run(flow, httpx_carrier.sender(http_client))


def _async_run(flow: Flow[None], http_client: Any) -> aio.Run:
    from ocicat.transport import aio

    if http_client is None:
        return aio.Run(flow)
    from ocicat.client import httpx_carrier

    return aio.Run(flow, httpx_carrier.async_sender(http_client))


def _data(piece: dict[str, Any]) -> bytes:
    data: bytes = piece["data"]
    return data


@contextmanager
def _in_words_of(request: Any) -> Iterator[None]:
    """Failures of the network as errors of the library that ``request`` belongs to.

    A client tells by them what is worth repeating.
    """
    try:
        yield
    except TransportError as failure:
        library = library_of(request)
        if isinstance(failure, APITimeoutError):
            kind = library.ReadTimeout
        elif isinstance(failure, APIConnectionError):
            kind = library.ConnectError
        elif isinstance(failure, StreamBroken):
            kind = library.RemoteProtocolError
        else:
            kind = library.ReadError
        raise kind(str(failure), request=request) from failure


# --- reading requests ---------------------------------------------------------------------------


def _identity_argument(auth: Any) -> str:
    """The connection argument for what is given as ``auth``."""
    if isinstance(auth, type):
        raise InvalidSetting(
            f"`auth` is the class {auth.__name__} itself.",
            setting="auth",
            hint=f"Write auth={auth.__name__}().",
        )
    return "oci_auth" if hasattr(getattr(auth, "resolver", auth), "resolve") else "oci_signer"


def _named_in(headers: Mapping[str, str]) -> dict[str, str]:
    """The connection arguments that a request's headers have for it alone."""
    named = {}
    compartment = headers.get("opc-compartment-id") or headers.get("compartmentid")
    if compartment:
        named["oci_compartment_id"] = compartment
    project = headers.get("openai-project", "")
    # OpenAI's SDK puts its own projects there, from a variable that is not meant for OCI.
    if project.startswith("ocid1."):
        named["oci_project_id"] = project
    return named


@lru_cache(maxsize=64)
def _region_of(host: str) -> str | None:
    """The region whose service is at ``host``, if that is one of OCI's."""
    name = host.lower().removeprefix("inference.generativeai.").partition(".")[0]
    try:
        return name if regions.inference_host(name) == host.lower() else None
    except InvalidSetting:
        return None


def _timeout(waits: Mapping[str, float | None]) -> Timeout:
    """From the four time-outs of ``httpx``, of which there are two here."""
    usual = Timeout()
    return Timeout(
        connect=_seconds(waits.get("connect", usual.connect)),
        read=_seconds(waits.get("read", usual.read)),
    )


def _seconds(wait: float | None) -> float:
    return _A_DAY if wait is None else wait
