"""Who and what exists in the emulated OCI: keys, compartments, models and what serves them.

Models are those of the catalogue, an imported one, and whatever a test adds. Nothing here knows of
requests.
"""

from __future__ import annotations

import base64
import hashlib
import threading
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from ocicat.emulator.home import COMPARTMENT_ID, PROJECT_ID, REGION, TENANCY_ID
from ocicat.errors import InvalidKey, InvalidSetting
from ocicat.routing import catalog
from ocicat.signing.keys import fingerprint
from ocicat.vocabulary.model import ApiFormat, ModelFacts

__all__ = ["DEPLOYMENT_ID", "ENDPOINTS", "IMPORTED", "Served", "Tenancy", "model_ocid"]

#: A model that was imported, and that writes its tool calls into its text.
IMPORTED: Final = ModelFacts(
    "qwen3-32b",
    vendor="qwen",
    name="Qwen3 32B",
    description="An imported model.",
    context=32_768,
    transports=("native", "openai"),
    inline_tool_calls=True,
    known=False,
)

#: A dedicated endpoint of each API format, and one of an imported model: its OCID, and the model
#: that it serves.
ENDPOINTS: Final[dict[str, tuple[str, str]]] = {
    "GENERIC": (
        f"ocid1.generativeaiendpoint.oc1.{REGION}.amaaaaaaocicatgeneric",
        "meta.llama-3.3-70b-instruct",
    ),
    "COHERE": (
        f"ocid1.generativeaiendpoint.oc1.{REGION}.amaaaaaaocicatcohere",
        "cohere.command-a-03-2025",
    ),
    "COHEREV2": (
        f"ocid1.generativeaiendpoint.oc1.{REGION}.amaaaaaaocicatcoherev2",
        "cohere.command-a-vision-07-2025",
    ),
    "IMPORTED": (
        f"ocid1.generativeaiendpoint.oc1.{REGION}.amaaaaaaocicatimported",
        IMPORTED.id,
    ),
}

#: A model deployment of OCI Data Science.
DEPLOYMENT_ID: Final = f"ocid1.datasciencemodeldeployment.oc1.{REGION}.amaaaaaaocicatdeployment"


@dataclass(frozen=True, slots=True)
class Served:
    """Something that answers: ``id`` as the request names it, and the facts of its model."""

    id: str
    facts: ModelFacts


class Tenancy:
    """The emulated tenancy. All methods may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._keys: dict[str, rsa.RSAPublicKey] = {}
        self._compartments = {COMPARTMENT_ID, TENANCY_ID}
        self._projects = {PROJECT_ID}
        self._models: dict[str, ModelFacts] = {}  # by name, alias and OCID
        self._endpoints: dict[str, str] = {}
        self._deployments: dict[str, ModelFacts] = {}
        for facts in (*catalog.models(), IMPORTED):
            self._enter(facts)
        for ocid, model in ENDPOINTS.values():
            self._endpoints[ocid] = model
        self.add_deployment(DEPLOYMENT_ID, "odsc-llm")

    def add_key(self, tenancy_id: str, user_id: str, public_pem: str | bytes) -> str:
        """Make a user's API key known, and return the ``keyId`` that its signatures must name.

        Raises :class:`~ocicat.errors.InvalidKey` for what is not an RSA public key in PEM.
        """
        pem = public_pem.encode() if isinstance(public_pem, str) else public_pem
        try:
            key = load_pem_public_key(pem)
        except ValueError:
            key = None
        if not isinstance(key, rsa.RSAPublicKey):
            raise InvalidKey("The public key is not an RSA public key in PEM format.")
        key_id = f"{tenancy_id}/{user_id}/{fingerprint(key)}"
        self.register(key_id, key)
        return key_id

    def register(self, key_id: str, key: rsa.RSAPublicKey) -> None:
        """Make a key known under a ``keyId`` of any form, such as ``ST$…``."""
        with self._lock:
            self._keys[key_id] = key

    def public_key(self, key_id: str) -> rsa.RSAPublicKey | None:
        """The public key that belongs to a ``keyId``."""
        with self._lock:
            return self._keys.get(key_id)

    def add_compartment(self, ocid: str) -> None:
        """Make a compartment known, one in which the callers may use Generative AI."""
        with self._lock:
            self._compartments.add(ocid)

    def has_compartment(self, ocid: str) -> bool:
        """Whether there is such a compartment."""
        with self._lock:
            return ocid in self._compartments

    def add_project(self, ocid: str) -> None:
        """Make a project known."""
        with self._lock:
            self._projects.add(ocid)

    def has_project(self, ocid: str) -> bool:
        """Whether there is such a project."""
        with self._lock:
            return ocid in self._projects

    def add_model(self, model_id: str, *, api_format: ApiFormat | None = None) -> None:
        """Make a model known. Its facts are the catalogue's for that id or its family.

        ``api_format`` replaces the format that the catalogue guesses.
        """
        facts = catalog.facts(model_id)
        if api_format is not None:
            facts = replace(facts, api_format=api_format)
        with self._lock:
            self._enter(replace(facts, id=model_id, retired_on_demand=None))

    def add_endpoint(self, ocid: str, model_id: str) -> None:
        """Make a dedicated endpoint known that serves a known model.

        Raises :class:`~ocicat.errors.InvalidSetting` if the model is not known.
        """
        with self._lock:
            if model_id not in self._models:
                raise InvalidSetting(
                    f"The emulator has no model {model_id!r} for the endpoint {ocid}.",
                    setting="model_id",
                    hint="Add it with add_model() first.",
                )
            self._endpoints[ocid] = model_id

    def endpoints(self) -> dict[str, ModelFacts]:
        """All dedicated endpoints by their OCIDs, with the models that they serve."""
        with self._lock:
            return {ocid: self._models[model] for ocid, model in self._endpoints.items()}

    def add_deployment(self, ocid: str, model_id: str) -> None:
        """Make a model deployment of OCI Data Science known, one that serves ``model_id``.

        The facts of its model are the catalogue's for that id or its family.
        """
        with self._lock:
            self._deployments[ocid] = catalog.facts(model_id)

    def deployments(self) -> tuple[str, ...]:
        """The OCIDs of all model deployments."""
        with self._lock:
            return tuple(self._deployments)

    def deployed(self, ocid: str) -> ModelFacts:
        """The model of a model deployment.

        Raises ``LookupError``, whose argument says that there is none.
        """
        with self._lock:
            facts = self._deployments.get(ocid)
        if facts is None:
            raise LookupError(f"the emulator has no model deployment {ocid!r}")
        return facts

    def models(self) -> list[ModelFacts]:
        """All models, in the order in which they became known."""
        with self._lock:
            return list({facts.id: facts for facts in self._models.values()}.values())

    def on_demand(self, model_id: str) -> Served:
        """The model served on demand under a name, an alias or an OCID.

        Raises ``LookupError``, whose argument says why there is none.
        """
        with self._lock:
            facts = self._models.get(model_id)
        if facts is None:
            raise LookupError(
                f"the emulator has no model {model_id!r}; its models are those of ocicat's "
                "catalogue and any that add_model() made known"
            )
        if facts == IMPORTED:
            raise LookupError(f"{facts.id} is served by a dedicated endpoint only")
        today = datetime.now(UTC).date().isoformat()
        if facts.retired_on_demand is not None and facts.retired_on_demand <= today:
            raise LookupError(
                f"{facts.id} is not served on demand since {facts.retired_on_demand}; "
                "dedicated endpoints still serve it"
            )
        return Served(model_id, facts)

    def dedicated(self, endpoint_id: str) -> Served:
        """The model served by a dedicated endpoint.

        Raises ``LookupError``, whose argument says why there is none.
        """
        with self._lock:
            model_id = self._endpoints.get(endpoint_id)
            if model_id is None:
                raise LookupError(
                    f"the emulator has no endpoint {endpoint_id!r}; it has "
                    f"{', '.join(self._endpoints)}"
                )
            return Served(endpoint_id, self._models[model_id])

    def _enter(self, facts: ModelFacts) -> None:
        for name in (facts.id, *facts.aliases, model_ocid(facts.id)):
            self._models[name] = facts


def model_ocid(model_id: str) -> str:
    """The OCID that the emulator gives a model: always the same for the same name."""
    digest = base64.b32encode(hashlib.sha256(model_id.encode()).digest()).decode().lower()
    return f"ocid1.generativeaimodel.oc1.{REGION}.amaaaaaa{digest.rstrip('=')}"
