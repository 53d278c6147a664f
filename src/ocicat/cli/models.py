"""``ocicat models``: what the catalogue knows."""

from __future__ import annotations

import dataclasses
import json

import click

from ocicat.routing.catalog import models as catalogue
from ocicat.routing.regions import region_id
from ocicat.vocabulary.model import ModelFacts

__all__ = ["models"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("text", required=False)
@click.option("--vendor", help="Only this vendor's, such as meta.")
@click.option("--region", help="Only models served on demand in this region (id or short code).")
@click.option("--input", "modality", help="Only models that take this: text, image, audio, video.")
@click.option("--capability", help="Only models that can do this: chat, embeddings, rerank.")
@click.option("--all", "include_old", is_flag=True, help="Deprecated and retired models as well.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def models(
    text: str | None,
    vendor: str | None,
    region: str | None,
    modality: str | None,
    capability: str | None,
    include_old: bool,
    as_json: bool,
) -> None:
    """List the models in ocicat's catalogue; TEXT filters by a part of the id.

    The catalogue holds what OCI documents. A model that it does not list can still be called.
    """
    wanted_region = region_id(region) if region else None
    found = [
        model
        for model in catalogue()
        if (not text or any(text.lower() in name for name in (model.id, *model.aliases)))
        and (not vendor or model.vendor == vendor.lower())
        and (not wanted_region or wanted_region in model.regions)
        and (not modality or modality.lower() in model.input_modalities)
        and (not capability or any(capability.upper() in word for word in model.capabilities))
        and (include_old or not (model.deprecated or model.retired_on_demand))
    ]
    if as_json:
        click.echo(json.dumps([dataclasses.asdict(model) for model in found], indent=2))
        return
    if not found:
        click.echo("No model in the catalogue is like that.", err=True)
        return
    _print_table(found)


def _print_table(found: list[ModelFacts]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    table.add_column("model", no_wrap=True)
    table.add_column("vendor")
    table.add_column("context", justify="right")
    table.add_column("in → out", no_wrap=True)
    table.add_column("transport")
    table.add_column("on demand in", min_width=15)
    table.add_column("retirement")
    for model in found:
        table.add_row(
            model.id,
            model.vendor,
            _tokens(model.context),
            f"{'+'.join(model.input_modalities)} → {'+'.join(model.output_modalities)}",
            model.transports[0] if model.transports else "",
            ", ".join(model.regions) or ("dedicated only" if model.dedicated_regions else "-"),
            model.retired_on_demand or ("deprecated" if model.deprecated else ""),
        )
    console = Console()
    if not console.is_terminal:
        # A pipe has no width; wrapping there would only break what reads it.
        console = Console(width=240)
    console.print(table)


def _tokens(count: int | None) -> str:
    if count is None:
        return "-"
    if count >= 1_000_000:
        return f"{count / 1_000_000:g}M"
    return f"{count // 1000}K" if count >= 1000 else str(count)
