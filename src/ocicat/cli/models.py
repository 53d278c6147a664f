"""``ocicat models``: which models there are, and what each can be told."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Iterable
from typing import Any

import click

from ocicat.routing.catalog import facts, nearest
from ocicat.routing.catalog import models as catalogue
from ocicat.routing.regions import region_id, regions
from ocicat.routing.resolve import bare_model
from ocicat.vocabulary.model import ModelFacts

__all__ = ["models"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("text", metavar="[MODEL|TEXT]", required=False)
@click.option("--vendor", help="Only this vendor's, such as meta.")
@click.option("--region", help="Only models served on demand in this region (id or short code).")
@click.option("--input", "modality", help="Only models that take this: text, image, audio, video.")
@click.option("--capability", help="Only models that can do this: chat, embeddings, rerank.")
@click.option("--tools", is_flag=True, help="Only models that use tools.")
@click.option("--reasoning", is_flag=True, help="Only models that reason.")
@click.option(
    "--all",
    "include_old",
    is_flag=True,
    help="Deprecated and retired models as well; --live always lists them.",
)
@click.option("--live", is_flag=True, help="Ask OCI what it serves, in --region or in yours.")
@click.option("--refresh", is_flag=True, help="With --live: ask, even if it was asked lately.")
@click.option("--profile", help="With --live: profile of the OCI config file.")
@click.option("--auth", help="With --live: kind of identity, such as api_key.")
@click.option("--compartment-id", help="With --live: OCID of the compartment to ask in.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def models(
    text: str | None,
    vendor: str | None,
    region: str | None,
    modality: str | None,
    capability: str | None,
    tools: bool,
    reasoning: bool,
    include_old: bool,
    live: bool,
    refresh: bool,
    profile: str | None,
    auth: str | None,
    compartment_id: str | None,
    as_json: bool,
) -> None:
    """List models, or show all that is known of one.

    MODEL is a whole id: its card says what it is and what becomes of each parameter of a request.
    TEXT is a part of an id: the list has the models that contain it.

    The catalogue holds what OCI documents; --live asks OCI. A model that neither lists can still be
    called.
    """
    name = bare_model(text) if text else ""

    def wanted(model: ModelFacts) -> bool:
        return (
            (not name or any(name.lower() in each.lower() for each in (model.id, *model.aliases)))
            and (not vendor or model.vendor == vendor.lower())
            and (not modality or modality.lower() in model.input_modalities)
            and (not capability or any(capability.upper() in word for word in model.capabilities))
            and (not tools or (model.tools and "CHAT" in model.capabilities))
            and (not reasoning or model.reasoning)
        )

    if live or refresh:
        arguments = {
            "oci_region": region,
            "oci_profile": profile,
            "oci_auth_type": auth,
            "oci_compartment_id": compartment_id,
        }
        _show_live(arguments, wanted, refresh=refresh, as_json=as_json)
        return
    if name and facts(name).known:
        _show_card(facts(name), as_json=as_json)
        return
    wanted_region = region_id(region) if region else None
    found = [
        model
        for model in catalogue()
        if wanted(model)
        and (not wanted_region or wanted_region in model.regions)
        and (include_old or not _is_old(model))
    ]
    if not found and name and facts(name).family and not _is_part_of_an_id(name):
        _show_card(facts(name), as_json=as_json)
    elif as_json:
        click.echo(json.dumps([dataclasses.asdict(model) for model in found], indent=2))
    elif found:
        _print_table(found)
    else:
        _say_there_is_none(name)


def _is_part_of_an_id(text: str) -> bool:
    return any(text.lower() in id for model in catalogue() for id in (model.id, *model.aliases))


def _is_old(model: ModelFacts) -> bool:
    return model.deprecated or model.retired_on_demand is not None


def _say_there_is_none(name: str) -> None:
    click.echo("No model in the catalogue is like that.", err=True)
    likely = nearest(name) if name else []
    if likely:
        click.echo(f"Did you mean {' or '.join(likely)}?", err=True)


def _show_card(model: ModelFacts, *, as_json: bool) -> None:
    from ocicat.cli import model_card

    if as_json:
        click.echo(json.dumps(model_card.as_json(model), indent=2, ensure_ascii=False))
    else:
        model_card.show(model)


def _print_table(found: list[ModelFacts]) -> None:
    _print(
        ["model", ">context", "in → out", "on demand"],
        (
            (model.id, _tokens(model.context), _modalities(model), _on_demand(model))
            for model in found
        ),
    )


def _on_demand(model: ModelFacts) -> str:
    """Where it is served, by the regions' short codes, or until when it was."""
    if model.retired_on_demand:
        return f"until {model.retired_on_demand}"
    codes = {region.id: region.code.upper() for region in regions()}
    served = ", ".join(codes[id] for id in model.regions)
    if model.deprecated:
        return f"{served} (deprecated)" if served else "deprecated"
    return served or ("dedicated only" if model.dedicated_regions else "not documented")


# --- what OCI itself lists ----------------------------------------------------------------------


def _show_live(
    arguments: dict[str, Any],
    wanted: Callable[[ModelFacts], bool],
    *,
    refresh: bool,
    as_json: bool,
) -> None:
    from ocicat.client.connection import connect
    from ocicat.client.kept_models import live_models

    given = {name: value for name, value in arguments.items() if value is not None}
    kept = live_models(connect(given), refresh=refresh)
    region = kept.models.oci_region
    rows = [
        (model, seen, _status(model, seen))
        for model in kept.models.data
        if wanted(seen := _seen(model))
    ]
    listed = {model.id for model in kept.models.data}
    absent = [
        model
        for model in catalogue()
        if region in model.regions
        and not _is_old(model)
        and wanted(model)
        and not listed & {model.id, *model.aliases}
    ]
    if as_json:
        report = {
            "region": region,
            "source": kept.models.oci_source,
            "age_seconds": round(kept.age),
            "models": [{**model.model_dump(), "status": status} for model, _, status in rows],
            "not_listed": [model.id for model in absent],
        }
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
        return
    if kept.failure is not None:
        click.secho(f"OCI cannot be asked: {kept.failure.message}", fg="yellow", err=True)
    click.echo(
        f"{region}: {len(listed)} models by OCI's {kept.models.oci_source}, asked {_age(kept.age)}",
        err=True,
    )
    _print(
        ["model", ">context", "in → out", "served"],
        [
            *(
                (
                    model.oci_display_name or model.id,
                    _tokens(seen.context),
                    _modalities(seen),
                    "; ".join(filter(None, (_serving(model), status))),
                )
                for model, seen, status in rows
            ),
            *(
                (model.id, _tokens(model.context), _modalities(model), "missing")
                for model in absent
            ),
        ],
    )
    if absent:
        click.echo("missing: documented for this region, and not in OCI's list.", err=True)


def _seen(model: Any) -> ModelFacts:
    """The catalogue's facts of a listed model, as far as OCI does not say otherwise."""
    known = facts(model.id)
    return dataclasses.replace(
        known,
        id=model.id,
        vendor=model.owned_by or known.vendor,
        capabilities=tuple(model.oci_capabilities or known.capabilities),
        input_modalities=tuple(model.oci_input_modalities or known.input_modalities),
        # OCI has no word for embeddings and rankings.
        output_modalities=known.output_modalities,
    )


def _status(model: Any, seen: ModelFacts) -> str:
    words = []
    if model.id.startswith("ocid1."):
        words.append("own")
    elif not seen.known:
        words.append("new")
    for what, moment in (
        ("on demand until", model.oci_time_on_demand_retired),
        ("dedicated until", model.oci_time_dedicated_retired),
    ):
        if moment:
            words.append(f"{what} {moment[:10]}")
    if not model.oci_time_on_demand_retired and model.oci_time_deprecated:
        words.append("deprecated")
    return ", ".join(words)


def _serving(model: Any) -> str:
    modes = model.oci_serving_modes or []
    return ", ".join(mode.lower().replace("_", " ") for mode in modes)


def _age(seconds: float) -> str:
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min ago"
    return f"{seconds / 3600:.0f} h ago" if seconds < 48 * 3600 else f"{seconds / 86400:.0f} d ago"


# --- tables -------------------------------------------------------------------------------------


def _print(columns: list[str], rows: Iterable[tuple[str, ...]]) -> None:
    """Print a table that fits 80 columns; ``>`` before a column's name sets it to the right."""
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for column in columns:
        table.add_column(
            column.removeprefix(">"),
            justify="right" if column.startswith(">") else "left",
            no_wrap=column in ("model", ">context"),
        )
    for row in rows:
        table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        # A pipe has no width; wrapping there would only break what reads it.
        console = Console(width=240)
    console.print(table)


def _modalities(model: ModelFacts) -> str:
    return f"{', '.join(model.input_modalities)} → {', '.join(model.output_modalities)}"


def _tokens(count: int | None) -> str:
    if count is None:
        return "-"
    if count >= 1_000_000:
        return f"{count / 1_000_000:.2g}M"
    return f"{count // 1000}K" if count >= 1000 else str(count)
