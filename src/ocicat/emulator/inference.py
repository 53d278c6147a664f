"""What every operation of the native inference API looks at before it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ocicat.emulator.call import Call
from ocicat.emulator.refusals import FORMAT, NOT_FOUND, Refused, refusal
from ocicat.emulator.schema.reading import SchemaRefused
from ocicat.emulator.tenancy import Served, Tenancy

__all__ = ["bad_format", "check_compartment", "find_served", "read_details", "result_id"]


def read_details(
    call: Call, check: Callable[[bytes], dict[str, Any]], tenancy: Tenancy
) -> dict[str, Any]:
    """The body of a request, which ``check`` reads, in a compartment that exists.

    Raises :class:`Refused`.
    """
    given = call.headers.get("content-type", "")
    if given.partition(";")[0].strip().lower() != "application/json":
        raise bad_format(f"content-type is {given!r}, not application/json")
    try:
        body = check(call.body)
    except SchemaRefused as refused:
        raise Refused(refused.status, refused.body, refused.reason) from None
    check_compartment(body["compartmentId"], "compartmentId", tenancy)
    return body


def check_compartment(ocid: str, where: str, tenancy: Tenancy) -> None:
    """Raise :class:`Refused` for a compartment that does not exist."""
    if not tenancy.has_compartment(ocid):
        raise refusal(404, NOT_FOUND, f"{where}: the emulator has no compartment {ocid!r}")


def find_served(body: dict[str, Any], capability: str, tenancy: Tenancy) -> Served:
    """What serves a request, if it can do what is asked. Raises :class:`Refused`."""
    serving = body["servingMode"]
    on_demand = serving["servingType"] == "ON_DEMAND"
    id = serving["modelId"] if on_demand else serving["endpointId"]
    try:
        served = tenancy.on_demand(id) if on_demand else tenancy.dedicated(id)
    except LookupError as absent:
        raise refusal(404, f"Entity with key {id} not found", str(absent.args[0])) from None
    capabilities = served.facts.capabilities
    if capability not in capabilities:
        raise bad_format(
            f"{served.facts.id} is asked for {capability}, and can {', '.join(capabilities)}"
        )
    return served


def bad_format(reason: str) -> Refused:
    """The refusal of a request that OCI cannot make sense of."""
    return refusal(400, FORMAT, reason)


def result_id(call: Call) -> str:
    """The id of the result of a call."""
    return call.opc_request_id.rpartition("/")[2].lower()
