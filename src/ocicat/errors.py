"""Every error that ocicat raises, in one tree.

::

    OcicatError
    ├── ConfigurationError            a local mistake, found before any request
    │   ├── ConfigFileNotFound
    │   ├── ProfileNotFound
    │   ├── MissingSetting            no argument, variable, profile key or default gave it
    │   ├── InvalidSetting            a value is there and cannot be right
    │   └── InvalidKey                the private key cannot be used
    │       └── WrongPassphrase       ... because its pass phrase is missing or wrong
    ├── InvalidRequest                the call itself cannot be made
    │   ├── UnknownParameter          ocicat has no such parameter (names the nearest one)
    │   ├── InvalidParameter          a parameter has a value that the model's API cannot take
    │   └── UnsupportedFeature        the request says something that this dialect cannot say
    ├── TransportError                no whole answer arrived
    │   ├── APIConnectionError        refused, reset, DNS, TLS
    │   ├── APITimeoutError           connecting or waiting for bytes took too long
    │   ├── StreamBroken              a stream ended early; what arrived is in ``partial``
    │   └── MalformedReply            an answer arrived that is not what OCI documents
    │       └── UnparsableAnswer      the answer does not fit the class that was asked for
    └── APIStatusError                OCI answered with an error; ``status`` is the HTTP status
        ├── BadRequestError           400
        │   ├── ContextLengthExceeded
        │   └── ContentFiltered
        ├── AuthenticationError       401
        ├── PermissionDeniedError     403
        ├── NotFoundError             404
        │   ├── NotAuthorizedOrNotFound   no policy, or nothing there: OCI does not say which
        │   ├── ModelNotFound
        │   └── ResponseStateLost     nothing is kept of the response that is to be continued
        ├── ConflictError             409
        ├── RateLimitError            429
        └── InternalServerError       5xx

The names of the lower half are those of the ``openai`` SDK, so that ``except`` clauses move over
unchanged. Every error says what failed, where, and in ``hint`` what to do next. None of them ever
holds a key, a token or a pass phrase.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "APIConnectionError",
    "APIStatusError",
    "APITimeoutError",
    "AuthenticationError",
    "BadRequestError",
    "ConfigFileNotFound",
    "ConfigurationError",
    "ConflictError",
    "ContentFiltered",
    "ContextLengthExceeded",
    "InternalServerError",
    "InvalidKey",
    "InvalidParameter",
    "InvalidRequest",
    "InvalidSetting",
    "MalformedReply",
    "MissingSetting",
    "ModelNotFound",
    "NotAuthorizedOrNotFound",
    "NotFoundError",
    "OcicatError",
    "PermissionDeniedError",
    "ProfileNotFound",
    "RateLimitError",
    "ResponseStateLost",
    "StreamBroken",
    "TransportError",
    "UnknownParameter",
    "UnparsableAnswer",
    "UnsupportedFeature",
    "WrongPassphrase",
]


class OcicatError(Exception):
    """The root. ``message`` says what failed, ``hint`` (may be empty) what to do next.

    ``attempts`` counts the requests that were sent for this call and ``waited`` the seconds spent
    pausing between them; both are 0 for errors found before anything was sent.
    """

    #: True where the same call may succeed if it is simply made again.
    is_retryable: bool = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.attempts = 0
        self.waited = 0.0

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip() if self.hint else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        # Exceptions pickle by calling their class with ``args``; ours take keywords, so the state
        # travels as the instance's dictionary instead.
        return (_rebuild, (type(self), self.args, self.__dict__.copy()))


def _rebuild(kind: type[OcicatError], args: tuple[Any, ...], state: dict[str, Any]) -> OcicatError:
    error = kind.__new__(kind, *args)
    error.args = args
    error.__dict__.update(state)
    return error


# --- local mistakes -----------------------------------------------------------------------------


class ConfigurationError(OcicatError):
    """Something in the arguments, the environment or the config file is wrong or missing."""


class ConfigFileNotFound(ConfigurationError):
    """The named OCI config file does not exist."""


class ProfileNotFound(ConfigurationError):
    """The config file has no such profile."""


class MissingSetting(ConfigurationError):
    """A needed setting was given nowhere. ``setting`` is its name."""

    def __init__(self, message: str, *, setting: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.setting = setting


class InvalidSetting(ConfigurationError):
    """A setting has a value that cannot be right. ``setting`` is its name."""

    def __init__(self, message: str, *, setting: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.setting = setting


class InvalidKey(ConfigurationError):
    """The private key cannot be read or is not an RSA private key."""


class WrongPassphrase(InvalidKey):
    """The private key is encrypted and its pass phrase is missing or wrong."""


# --- requests that cannot be made ---------------------------------------------------------------


class InvalidRequest(OcicatError):
    """The call cannot be made as it stands. ``parameter`` names the culprit."""

    def __init__(self, message: str, *, parameter: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.parameter = parameter


class UnknownParameter(InvalidRequest, TypeError):
    """ocicat has no parameter of this name. Also a ``TypeError``, as for any Python function."""


class InvalidParameter(InvalidRequest, ValueError):
    """A parameter's value is of the wrong type or outside its range. Also a ``ValueError``."""


class UnsupportedFeature(InvalidRequest):
    """The request says something that the model's API (its dialect) cannot say."""


# --- no whole answer ----------------------------------------------------------------------------


class TransportError(OcicatError):
    """No whole answer arrived. ``opc_request_id`` is set when OCI had begun to answer."""

    is_retryable = True

    def __init__(self, message: str, *, hint: str = "", opc_request_id: str = "") -> None:
        super().__init__(message, hint=hint)
        self.opc_request_id = opc_request_id


class APIConnectionError(TransportError):
    """The connection could not be made or broke before an answer began.

    ``stale`` is true when an idle pooled connection turned out to have been closed by the far
    side: the request never ran, and sending it again on a new connection is always right.
    """

    def __init__(self, message: str, *, hint: str = "", stale: bool = False) -> None:
        super().__init__(message, hint=hint)
        self.stale = stale


class APITimeoutError(APIConnectionError):
    """Connecting, or waiting for the next byte, took longer than the time-out."""


class StreamBroken(TransportError):
    """A stream stopped before its end. ``partial`` is the text that had arrived."""

    is_retryable = False

    def __init__(
        self, message: str, *, partial: str = "", hint: str = "", opc_request_id: str = ""
    ) -> None:
        super().__init__(message, hint=hint, opc_request_id=opc_request_id)
        self.partial = partial


class MalformedReply(TransportError):
    """OCI's answer could not be understood: not JSON, or without the parts that make a reply."""

    is_retryable = False


class UnparsableAnswer(MalformedReply):
    """An answer that does not fit the class that was asked for. ``reply`` is all of it."""

    def __init__(
        self, message: str, *, reply: object = None, hint: str = "", opc_request_id: str = ""
    ) -> None:
        super().__init__(message, hint=hint, opc_request_id=opc_request_id)
        self.reply = reply


# --- answers that are errors --------------------------------------------------------------------


class APIStatusError(OcicatError):
    """OCI answered with an error.

    * ``status``: HTTP status (``int``); ``status_code`` is the same number.
    * ``code``: OCI's code (``str``), such as ``"NotAuthenticated"``, or the status as text.
    * ``opc_request_id``: what Oracle's support asks for.
    * ``retry_after``: seconds that OCI asked to wait, or ``None``.
    * ``body``: the decoded error body, or its text.
    * ``parameter``: the parameter at fault, as the body names it; mostly empty.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str = "",
        opc_request_id: str = "",
        retry_after: float | None = None,
        body: object = None,
        parameter: str = "",
        hint: str = "",
    ) -> None:
        super().__init__(message, hint=hint)
        self.parameter = parameter
        self.status = status
        self.code = code
        self.opc_request_id = opc_request_id
        self.retry_after = retry_after
        self.body = body

    @property
    def status_code(self) -> int:
        """The HTTP status, under the name that the ``openai`` SDK gives it."""
        return self.status

    def __str__(self) -> str:
        label = f"{self.status} {self.code}".strip() if self.code != str(self.status) else self.code
        text = f"{label}: {self.message}"
        if self.hint:
            text += f"{'' if text.endswith(('.', '!', '?')) else '.'} {self.hint}"
        if self.opc_request_id:
            text += f" (opc-request-id: {self.opc_request_id})"
        return text


class BadRequestError(APIStatusError):
    """400: OCI or the model refused the request as it was written."""


class ContextLengthExceeded(BadRequestError):
    """The prompt and the answer asked for do not fit the model's context."""


class ContentFiltered(BadRequestError):
    """OCI's content filter refused the prompt or the answer."""


class AuthenticationError(APIStatusError):
    """401: the signature or its key was not accepted."""


class PermissionDeniedError(APIStatusError):
    """403: known, and not allowed."""


class NotFoundError(APIStatusError):
    """404: there is no such thing."""


class NotAuthorizedOrNotFound(NotFoundError):
    """404 that hides a missing permission: OCI does not tell "forbidden" from "absent"."""


class ModelNotFound(NotFoundError):
    """404: no model of this name here (unknown, retired, or not in this region)."""


class ResponseStateLost(NotFoundError):
    """Nothing is kept of the response that a request continues: unknown, deleted, or too old.

    ``response_id`` names it. The status is 400, as OpenAI has it. Whoever still has the whole
    conversation can go on by sending it as ``input``, without ``previous_response_id``.
    """

    def __init__(self, response_id: str, *, opc_request_id: str = "", body: object = None) -> None:
        super().__init__(
            f"Previous response with id {response_id!r} not found.",
            status=400,
            code="previous_response_not_found",
            parameter="previous_response_id",
            opc_request_id=opc_request_id,
            body=body,
            hint="Send the whole conversation as `input`, without `previous_response_id`.",
        )
        self.response_id = response_id


class ConflictError(APIStatusError):
    """409. Retryable only with the codes ``IncorrectState`` and ``LockConflict``."""


class RateLimitError(APIStatusError):
    """429: throttled."""

    is_retryable = True


class InternalServerError(APIStatusError):
    """5xx. Retryable, except 501."""

    is_retryable = True
