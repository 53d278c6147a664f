"""``OciOpenAI`` and ``AsyncOciOpenAI``: OpenAI's own SDK, with every model of OCI behind it.

::

    client = OciOpenAI()
    reply = client.chat.completions.create(model="xai.grok-4.3", messages=[…])

They are ``openai.OpenAI`` and ``openai.AsyncOpenAI`` whose requests go through
``httpx_transport.py``. They take the arguments of Oracle's ``oci-openai``, none of which has to be
given, and OpenAI's own. The variables that the SDK reads (``OPENAI_…``) do not count here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Self

from ocicat.client.httpx_transport import FOR_OCI, AsyncOciTransport, OciTransport
from ocicat.client.options import unknown_parameter
from ocicat.client.response_store import ResponseStore
from ocicat.client.settings import ConnectionArguments
from ocicat.errors import ConfigurationError, InvalidSetting
from ocicat.routing.regions import inference_host

try:
    import openai
except ImportError as missing:
    raise ConfigurationError(
        "OciOpenAI needs OpenAI's SDK, which is not installed.", hint="pip install 'ocicat[openai]'"
    ) from missing

__all__ = ["AsyncOciOpenAI", "OciOpenAI"]

#: Where OCI has OpenAI's API.
_SURFACE = "/openai/v1"
#: What the SDK is told where no address is given, because it needs one.
_SOMEWHERE = f"https://generativeai.oci{_SURFACE}"
#: What the SDK is told where no key is given, and what people write there. It is never sent.
_NO_KEY = "OCI"
_CONNECTION = frozenset(ConnectionArguments.__annotations__) - {"api_key", "transport"}
_OPENAIS = frozenset(openai.OpenAI.__init__.__kwdefaults__ or ())
#: Arguments that are about one thing: a copy that changes one of them has none of the others.
_ADDRESS = frozenset({"base_url", "service_endpoint", "region", "oci_region", "api_base"})
_IDENTITY = frozenset({"auth", "api_key"})

_ARGUMENTS = """All arguments may be left out. They are those of OpenAI's client, and:

    * ``auth``: one of ocicat's auth classes, such as ``OciSessionAuth()``, or a signer of the
      ``oci`` SDK. ``api_key``: a Generative AI API key in its place. Without either it is whoever
      the environment and the OCI config file speak of.
    * ``region``; or ``service_endpoint``, the address of the service; or ``base_url``, the same
      with ``/openai/v1`` at its end, or the URL of a model deployment of Data Science. The later
      ones come first.
    * ``compartment_id``, ``project``: OCIDs. ``profile``: of the OCI config file.
    * ``conversation_store_id``: where the older Responses keep what ``store=True`` asks for.
    * ``transport``: ``openai``, ``native``, ``responses`` or ``auto`` (default).
    * ``drop_params``: leave out, with a note in the reply, what a model cannot be told.
    * ``response_store``: keeps the responses that OCI does not (see ``docs/responses.md``).
    * ``http_client``: an ``httpx`` or ``httpx2`` client whose proxies, certificates, hooks and
      headers are to be used.
    * all other connection arguments of :func:`ocicat.completion`, such as ``oci_key_file``.
    """


class _OnOci:
    """What the two clients have in common."""

    _make_http_client: ClassVar[Callable[..., Any]]
    _make_transport: ClassVar[Callable[..., Any]]
    timeout: Any
    max_retries: int
    organization: str | None
    project: str | None
    admin_api_key: str | None

    def __init__(
        self,
        *,
        auth: Any = None,
        region: str | None = None,
        service_endpoint: str | None = None,
        base_url: Any = None,
        compartment_id: str | None = None,
        conversation_store_id: str | None = None,
        project: str | None = None,
        profile: str | None = None,
        transport: str | None = None,
        drop_params: bool = False,
        response_store: ResponseStore | None = None,
        api_key: str | None = None,
        timeout: Any = openai.NOT_GIVEN,
        max_retries: int = openai.DEFAULT_MAX_RETRIES,
        default_headers: Mapping[str, str] | None = None,
        default_query: Mapping[str, object] | None = None,
        http_client: Any = None,
        **more: Any,
    ) -> None:
        self._arguments = _given(
            auth=auth,
            region=region,
            service_endpoint=service_endpoint,
            base_url=None if base_url is None else str(base_url),
            compartment_id=compartment_id,
            conversation_store_id=conversation_store_id,
            project=project,
            profile=profile,
            transport=transport,
            drop_params=drop_params or None,
            response_store=response_store,
            api_key=api_key,
            default_headers=default_headers,
            default_query=default_query,
            http_client=http_client,
            **more,
        )
        if api_key is not None and not isinstance(api_key, str):
            raise InvalidSetting(
                f"`api_key` must be a text, not {type(api_key).__name__}.",
                setting="api_key",
                hint="Give an identity that renews itself as `auth=`.",
            )
        for name in more:
            if name not in _CONNECTION | _OPENAIS:
                own = _OPENAIS.union(_OnOci.__init__.__kwdefaults__ or ())
                raise unknown_parameter(name, own, type(self).__name__)
        address = base_url or _at_service(service_endpoint)
        if address and "://" not in str(address):
            setting = "base_url" if base_url else "service_endpoint"
            raise InvalidSetting(
                f"`{setting}` is not a URL.", setting=setting, hint="Write it as in https://host."
            )
        connection = {name: more.pop(name) for name in list(more) if name in _CONNECTION}
        carried = self._make_transport(
            auth=auth,
            region=None if address else region,
            compartment_id=compartment_id,
            project=project,
            profile=profile,
            drop_params=drop_params,
            response_store=response_store,
            follow_base_url=address is not None,
            http_client=http_client,
            transport=transport,
            api_key=None if api_key == _NO_KEY else api_key,
            **connection,
        )
        if conversation_store_id:
            store = {"opc-conversation-store-id": conversation_store_id}
            default_headers = {**store, **(default_headers or {})}
        super().__init__(  # type: ignore[call-arg]  # OpenAI's client comes next
            api_key=api_key or _NO_KEY,
            base_url=address or _usual_address(region),
            project=project,
            timeout=timeout,
            max_retries=max_retries,
            default_headers=default_headers,
            default_query=default_query,
            http_client=self._make_http_client(transport=carried),
            **more,
        )
        # The SDK has looked for these in the environment, where they are meant for OpenAI.
        self.organization = more.get("organization")
        self.project = project
        self.admin_api_key = more.get("admin_api_key")

    def _build_request(self, options: Any, **more: Any) -> Any:
        request = super()._build_request(options, **more)  # type: ignore[misc]  # as above
        # What the program itself gives. The SDK has headers of its own, and takes some from the
        # environment, where they are meant for OpenAI.
        given = {**self._arguments.get("default_headers", {}), **(options.headers or {})}
        request.extensions[FOR_OCI] = [name.lower() for name in given]
        return request

    def copy(self, **changes: Any) -> Self:
        """A client with the same arguments but for ``changes``, which are any of the class's own.

        As in OpenAI's SDK, ``default_headers`` and ``default_query`` are added to those that there
        are, and ``set_default_headers`` and ``set_default_query`` replace them.
        """
        arguments: dict[str, Any] = {
            **self._arguments,
            "timeout": self.timeout,
            "max_retries": self.max_retries,
        }
        changes = {**changes, **changes.pop("_extra_kwargs", {})}
        wanted = {
            name: value
            for name, value in changes.items()
            if name == "timeout" or not (value is None or isinstance(value, openai.NotGiven))
        }
        for same in (_ADDRESS, _IDENTITY):
            if wanted.keys() & same:
                arguments = {n: value for n, value in arguments.items() if n not in same}
        for name in ("default_headers", "default_query"):
            if name in wanted and f"set_{name}" in wanted:
                raise ValueError(f"`{name}` and `set_{name}` are mutually exclusive")
            if f"set_{name}" in wanted:
                wanted[name] = wanted.pop(f"set_{name}")
            elif name in wanted:
                wanted[name] = {**arguments.get(name, {}), **wanted[name]}
        return type(self)(**{**arguments, **wanted})

    with_options = copy

    def __reduce__(self) -> tuple[Any, ...]:
        # By its arguments, so that nothing which was found elsewhere, such as a key, goes along.
        now = {"timeout": self.timeout, "max_retries": self.max_retries}
        return _made_again, (type(self), {**self._arguments, **now})


class OciOpenAI(_OnOci, openai.OpenAI):
    __doc__ = f"OpenAI's client for OCI.\n\n{_ARGUMENTS}"

    _make_http_client = openai.DefaultHttpxClient
    _make_transport = OciTransport


class AsyncOciOpenAI(_OnOci, openai.AsyncOpenAI):
    __doc__ = f"OpenAI's asynchronous client for OCI.\n\n{_ARGUMENTS}"

    _make_http_client = openai.DefaultAsyncHttpxClient
    _make_transport = AsyncOciTransport


def _given(**arguments: Any) -> dict[str, Any]:
    return {name: value for name, value in arguments.items() if value is not None}


def _made_again(kind: type[_OnOci], arguments: dict[str, Any]) -> _OnOci:
    return kind(**arguments)


def _at_service(endpoint: str | None) -> str | None:
    # People also give the base of the API that the SDK wants.
    return f"{endpoint.rstrip(' /').removesuffix(_SURFACE)}{_SURFACE}" if endpoint else None


def _usual_address(region: str | None) -> str:
    return f"https://{inference_host(region)}{_SURFACE}" if region else _SOMEWHERE
