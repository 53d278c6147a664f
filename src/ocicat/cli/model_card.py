"""The card of one model: its facts, and what becomes of all that a request may say to it."""

from __future__ import annotations

import dataclasses
from typing import Any

from ocicat.dialects import support
from ocicat.dialects.support import Row
from ocicat.routing.resolve import DIALECTS
from ocicat.vocabulary.model import ModelFacts, Product, Rate

__all__ = ["as_json", "show"]

#: Columns; notes in longer lines are hard to read.
_WIDTH = 100
_STYLES = {"mapped": "green", "emulated": "cyan", "dropped": "yellow", "refused": "red"}
_MEANINGS = (
    "mapped: said to the model. emulated: done by ocicat. dropped: left out, and the reply says so."
    " refused: an error, unless drop_params is set."
)


def as_json(model: ModelFacts) -> dict[str, Any]:
    """The facts, and under ``support`` the rows of each transport."""
    return {
        **dataclasses.asdict(model),
        "support": {
            transport: [dataclasses.asdict(row) for row in rows]
            for transport, rows in _tables(model).items()
        },
    }


def show(model: ModelFacts) -> None:
    """Print the card, at most 100 columns wide."""
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console = Console(
        highlight=False, width=min(console.width, 100) if console.is_terminal else 100
    )
    title = f"[bold]{model.id}[/bold]" + (f" · {model.name}" if model.name else "")
    console.print(title)
    if not model.known:
        console.print("Not in the catalogue: what follows is true of its family.", style="yellow")
    if model.description:
        console.print(model.description)
    facts = Table(box=None, show_header=False, pad_edge=False)
    facts.add_column(style="bold", no_wrap=True)
    facts.add_column()
    for name, value in _facts(model):
        facts.add_row(name, value)
    console.print(facts)
    tables = _tables(model)
    if not tables:
        return
    console.print()
    rows = Table(box=None, header_style="bold", pad_edge=False)
    rows.add_column("parameter", no_wrap=True)
    for transport in tables:
        rows.add_column(transport, no_wrap=True)
    rows.add_column("on the wire, or why")
    for several in zip(*tables.values(), strict=True):
        ways = [f"[{_STYLES[row.way]}]{row.way}[/]" for row in several]
        remarks = _remarks(dict(zip(tables, several, strict=True)))
        rows.add_row(several[0].name, *ways, remarks)
    console.print(rows)
    console.print(_MEANINGS, style="dim")


def _tables(model: ModelFacts) -> dict[str, list[Row]]:
    """The support table of each transport of a chat model, the preferred one first."""
    if "CHAT" not in model.capabilities:
        return {}
    dialects = {
        "openai": "openai_chat",
        "responses": "openai_responses",
        "native": DIALECTS[model.api_format],
    }
    return {transport: support.table(dialects[transport], model) for transport in model.transports}


def _remarks(rows: dict[str, Row]) -> str:
    """Names on the wire and notes, each with the transports that it is about."""
    about: dict[str, list[str]] = {}
    for transport, row in rows.items():
        said = row.note or (row.wire if row.wire != row.name else "")
        if said:
            about.setdefault(said, []).append(transport)
    return "\n".join(
        said if len(transports) == len(rows) else f"{', '.join(transports)}: {said}"
        for said, transports in about.items()
    )


def _facts(model: ModelFacts) -> list[tuple[str, str]]:
    """The facts for people: what is not known, or goes without saying, is left out."""
    takes = f"{', '.join(model.input_modalities)} → {', '.join(model.output_modalities)}"
    context = f"{model.context:,} tokens" if model.context else ""
    answer = f"{model.max_output:,} tokens, if none are asked for" if model.max_output else ""
    traits = {
        "tools": model.tools and "CHAT" in model.capabilities,
        "reasoning": model.reasoning,
        "full JSON Schemas": model.full_schemas,
        "tool calls may come in the text": model.inline_tool_calls,
        "no tools after a system message": not model.tools_after_system,
    }
    formats = {"openai": "", "responses": "", "native": f" ({model.api_format})"}
    end = f"on demand until {model.retired_on_demand}" if model.retired_on_demand else ""
    told = {
        "aliases": ", ".join(model.aliases),
        "vendor": model.vendor,
        "can do": ", ".join(model.capabilities),
        "in → out": takes,
        "context": context,
        "answer": answer,
        "dimensions": ", ".join(map(str, model.dimensions)),
        "traits": ", ".join(name for name, true in traits.items() if true),
        "transports": ", ".join(each + formats[each] for each in model.transports),
        "on demand in": ", ".join(model.regions),
        "dedicated in": ", ".join(model.dedicated_regions),
        "price": _price(model.product) if model.product else "",
        "retirement": end or ("deprecated" if model.deprecated else ""),
        "instead": model.replaced_by or "",
    }
    return [(name, value) for name, value in told.items() if value]


def _price(product: Product) -> str:
    first, *others = product.rates
    return "\n".join(
        (
            f"US dollars for {product.unit}: {_rate(first)}",
            *(f"if the prompt has over {rate.above:,} tokens: {_rate(rate)}" for rate in others),
            f"on demand, by Oracle's list of {product.as_of} for {product.name};"
            " contracts may differ",
        )
    )


def _rate(rate: Rate) -> str:
    if rate.output is None:
        return _amount(rate.input)
    prices = {"in": rate.input, "cached": rate.cached_input, "out": rate.output}
    return ", ".join(f"{_amount(each)} {what}" for what, each in prices.items() if each is not None)


def _amount(dollars: float) -> str:
    return f"{dollars:.2f}" if round(dollars, 2) == dollars else f"{dollars:g}"
