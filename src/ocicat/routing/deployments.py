"""Model deployments of OCI Data Science, which speak OpenAI's API at a host of theirs.

A deployment is named by its OCID, or by its URL with whatever OCI's console shows behind it::

    https://modeldeployment.<region>.oci.customer-oci.com/<OCID>/predict/v1

OpenAI's own paths follow. The older URLs, ``/<OCID>/predict`` and
``/<OCID>/predictWithResponseStream``, take the same bodies with no path behind them; there the
second is for streams.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ocicat.errors import InvalidParameter, InvalidSetting
from ocicat.routing import addresses, ocids
from ocicat.routing.addresses import Address
from ocicat.vocabulary.target import Operation

__all__ = ["KIND", "SERVED_NAME", "Deployment", "base_of", "find"]

#: The type in a deployment's OCID.
KIND = "datasciencemodeldeployment"
#: The name by which a deployment's server knows its only model.
SERVED_NAME = "odsc-llm"

# What is asked of a deployment, as OpenAI's API has it.
_OPENAI_PATHS: dict[Operation, str] = {"chat": "/chat/completions", "embeddings": "/embeddings"}

_ID = rf"ocid1\.{KIND}\.[A-Za-z0-9._-]+"
_VERB = r"(?P<verb>predict|predictWithResponseStream)"
_BASE = re.compile(rf".*?/{_ID}(/{_VERB}(/v1)?)?(?=/|$)")
_PATH = re.compile(
    rf"(?P<prefix>.*)/(?P<id>{_ID})"
    rf"(?P<tail>/{_VERB}(?P<v1>/v1(/chat|/chat/completions|/embeddings)?)?)?"
)


@dataclass(frozen=True, slots=True)
class Deployment:
    """A deployment, and where it is asked."""

    id: str
    #: Where its URL says that it is; the address's path is what precedes the OCID.
    address: Address | None
    #: The path of its URL from the OCID on, up to where OpenAI's own paths begin.
    base: str
    #: The ``model`` of the body.
    served_name: str = SERVED_NAME

    def paths(self, operation: Operation) -> tuple[str, str]:
        """Where answers come from, and streams, if they have a path of their own; else empty.

        Raises ``KeyError`` for an operation that deployments do not have.
        """
        own, root = _OPENAI_PATHS[operation], f"/{self.id}"
        end = f"/v1{own}" if self.base.endswith("/v1") else ""
        whole = f"{root}/predict{end}"
        if self.base == f"{root}/predict/v1":
            return whole, ""
        return whole, f"{root}/predictWithResponseStream{end}"


def base_of(path: str) -> str | None:
    """What precedes OpenAI's own part of a path at a deployment; ``None`` anywhere else."""
    match = _BASE.match(path)
    return match[0] if match else None


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
        return Deployment(model, None, f"/{model}/predict/v1")
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
    base = f"/{match['id']}/{match['verb'] or 'predict'}"
    if match["v1"] or not match["tail"]:
        base += "/v1"
    return Deployment(match["id"], address._replace(path=match["prefix"]), base)
