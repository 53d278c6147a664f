"""Facts about models: what each can do, and how OCI wants to be asked.

Only this module looks at model names; everybody else asks it for a fact. The facts are rows in
``catalog.toml``, which people edit. An id that has no row still gets the facts of its family,
found by prefix, so that a model released tomorrow works today.

The rows are read from ``catalog_table.py``, which ``tools/make_catalog.py`` makes from the TOML
file, and not from the TOML file itself, because a cold start pays for it: importing tomllib and
parsing the file took 10 ms of CPU where this was measured, importing the compiled module 0.4 ms.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from ocicat.vocabulary.model import ModelFacts, Product, Rate

__all__ = ["facts", "models", "nearest"]


@lru_cache(maxsize=1)
def models() -> tuple[ModelFacts, ...]:
    """The facts of every model that has a row, in the file's order."""
    from ocicat.routing.catalog_table import MODELS

    return tuple(_from_row(id, row) for id, row in MODELS.items())


@lru_cache(maxsize=1024)
def facts(model_id: str) -> ModelFacts:
    """The facts of a model, given its bare id (no ``oci/``) or one of its aliases.

    An id without a row gets its family's facts, and one of no known family the facts of any model
    on OCI; both have ``known`` false and keep the id as given. Raises nothing.
    """
    from ocicat.routing.catalog_table import ALIASES, DEFAULT, FAMILIES, MODELS

    id = ALIASES.get(model_id, model_id)
    row = MODELS.get(id)
    if row is not None:
        return _from_row(id, row)
    name = id.lower()  # imported models have their names from Hugging Face, in any case
    # The longest prefixes come first.
    for prefix, row in FAMILIES:
        if name.startswith(prefix):
            return ModelFacts(id=id, known=False, **row)
    return ModelFacts(id=id, known=False, **DEFAULT)


def nearest(model_id: str) -> list[str]:
    """Up to three ids of the catalogue that look like ``model_id``, the likeliest first.

    Models that are about to go come last. The vendor may be missing: ``grok-4.3`` finds
    ``xai.grok-4.3``.
    """
    from difflib import get_close_matches

    names: dict[str, str] = {}
    going = {model.id for model in models() if model.deprecated}
    for model in models():
        for name in (model.id, *model.aliases):
            names.setdefault(name, model.id)
            names.setdefault(name.partition(".")[2], model.id)
    # Nothing worth matching is longer, and the comparison is quadratic.
    wanted = model_id.strip().lower()[:80]
    likely = _distinct(names[name] for name in get_close_matches(wanted, names, n=6, cutoff=0.5))
    return sorted(likely, key=going.__contains__)[:3]


def _from_row(id: str, row: dict[str, Any]) -> ModelFacts:
    if "product" in row:
        row = {**row, "product": _product(row["product"])}
    return ModelFacts(id=id, **row)


def _product(name: str) -> Product:
    from ocicat.routing.catalog_table import PRODUCTS

    row = PRODUCTS[name]
    return Product(name, row["unit"], row["as_of"], tuple(Rate(**rate) for rate in row["rates"]))


def _distinct(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
