"""The one seam where exceptions of sockets and HTTP libraries become ours."""

from __future__ import annotations

import socket
import ssl

from ocicat.errors import APIConnectionError, APITimeoutError, TransportError
from ocicat.vocabulary.flow import Request

__all__ = ["translate"]


def translate(
    problem: BaseException, request: Request, *, closed: bool = False, stale: bool = False
) -> TransportError:
    """Our error for ``problem``, which broke ``request``.

    ``closed`` says that the far side closed the connection, and ``stale`` that it did so on a used
    connection before any answer.
    """
    where = f"{request.scheme}://{request.host}"
    cause = _root(problem)
    if isinstance(cause, TimeoutError):
        return APITimeoutError(
            f"{where} did not answer in time.",
            hint="Give `timeout=` more seconds if the model needs longer.",
        )
    if isinstance(cause, ssl.SSLCertVerificationError):
        return APIConnectionError(
            f"The certificate of {where} is not trusted: {cause.verify_message}.",
            hint="Behind a proxy that inspects TLS, point SSL_CERT_FILE at its authority.",
        )
    if isinstance(cause, ssl.SSLError):
        return APIConnectionError(f"TLS with {where} failed: {cause.reason or cause}.")
    if isinstance(cause, socket.gaierror):
        return APIConnectionError(
            f"The host name of {where} is not known.",
            hint="Check the region (Generative AI is not in all of them) and this machine's DNS.",
        )
    if isinstance(cause, ConnectionRefusedError):
        return APIConnectionError(f"{where} refuses connections.", hint="Is it the right address?")
    if closed or isinstance(cause, (ConnectionError, EOFError)):
        return APIConnectionError(
            f"{where} closed the connection before its answer was complete.", stale=stale
        )
    return APIConnectionError(f"Talking to {where} failed: {cause or type(cause).__name__}.")


def _root(problem: BaseException) -> BaseException:
    """The operating system's own error beneath a library's, where there is one."""
    # aiohttp keeps the causes of its errors in attributes.
    seen: BaseException | None = getattr(problem, "certificate_error", problem)
    while seen is not None:
        if isinstance(seen, (TimeoutError, ssl.SSLError, socket.gaierror, ConnectionError)):
            return seen
        if isinstance(inner := getattr(seen, "os_error", None), OSError):
            seen = inner
        else:
            seen = seen.__cause__ or seen.__context__
    return problem
