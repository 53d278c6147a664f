"""Model deployments of OCI Data Science, which speak OpenAI's Chat Completions at a host of theirs.

A deployment is named by its OCID, or by its URL with whatever OCI's console shows behind it::

    https://modeldeployment.<region>.oci.customer-oci.com/<OCID>/predict/v1

Its older URLs, ``/<OCID>/predict`` and ``/<OCID>/predictWithResponseStream``, take the same bodies;
there the second is for streams.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ocicat.errors import InvalidParameter, InvalidSetting
from ocicat.routing import addresses, ocids
from ocicat.routing.addresses import Address

__all__ = ["KIND", "SERVED_NAME", "Deployment", "find"]

#: The type in a deployment's OCID.
KIND = "datasciencemodeldeployment"
#: The name by which a deployment's server knows its only model.
SERVED_NAME = "odsc-llm"

_CHAT = "/predict/v1/chat/completions"
_ID = rf"ocid1\.{KIND}\.[A-Za-z0-9._-]+"
_PATH = re.compile(
    rf"(?P<prefix>.*)/(?P<id>{_ID})"
    r"(?P<tail>/(?P<verb>predict|predictWithResponseStream)(?P<v1>/v1(/chat(/completions)?)?)?)?"
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment, and what is asked of it at which paths."""

    id: str
    #: Where its URL says that it is; the address's path is what precedes the OCID.
    address: Address | None
    #: From the OCID on.
    path: str
    #: The same for streams, where they have a path of their own.
    stream_path: str = ""
    #: The ``model`` of the body.
    served_name: str = SERVED_NAME


def find(model: str, api_base: str | None) -> Deployment | None:
    """The deployment that a model's name or the ``api_base`` names, or ``None`` for neither.

    A name beside the URL of a deployment is what its server knows the model by.

    Raises :class:`~ocicat.errors.InvalidParameter` and :class:`~ocicat.errors.InvalidSetting` for
    URLs that name something else, and where the two contradict each other.
    """
    base = addresses.read(api_base) if api_base else None
    there = _at(base) if base else None
    asked = _named(model)
    if there and asked and there.id != asked.id:
        raise InvalidSetting(
            "api_base is the URL of one deployment, and the model is another.",
            setting="api_base",
            hint="Leave one of them out.",
        )
    if there:
        return there if asked else replace(there, served_name=model)
    return replace(asked, address=base or asked.address) if asked else None


def _named(model: str) -> Deployment | None:
    """The deployment whose OCID or URL is given as the model."""
    if ocids.is_of(model, KIND):
        # It becomes part of a path, so it must not be able to say more than that.
        if not re.fullmatch(_ID, model):
            raise InvalidParameter(
                f"model is {model[:120]!r}, which is not the OCID of a deployment.",
                parameter="model",
                hint="An OCID has letters, digits, dots, hyphens and underscores only.",
            )
        return Deployment(model, None, f"/{model}{_CHAT}")
    if not model.lower().startswith(("http://", "https://")):
        return None
    try:
        found = _at(addresses.read(model))
    except InvalidSetting:
        found = None
    if found is None:
        raise InvalidParameter(
            "model is a URL, but not that of a model deployment of OCI Data Science.",
            parameter="model",
            hint="Give the URL of a service as api_base=, and a model's name as the model.",
        )
    return found


def _at(address: Address) -> Deployment | None:
    match = _PATH.fullmatch(address.path)
    if match is None:
        return None
    root = f"/{match['id']}"
    base = address._replace(path=match["prefix"])
    if match["tail"] is None or (match["v1"] and match["verb"] == "predict"):
        return Deployment(match["id"], base, root + _CHAT)
    end = "/v1/chat/completions" if match["v1"] else ""
    whole, streamed = f"{root}/predict{end}", f"{root}/predictWithResponseStream{end}"
    return Deployment(match["id"], base, whole, streamed)
