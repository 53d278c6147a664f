"""``ocicat doctor``: what a call would use, where that comes from, and whether it works."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import click

from ocicat.cli.chat import DEFAULT_MODEL
from ocicat.client.diagnosis import Finding, diagnose, settings_in_use

__all__ = ["doctor"]


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "-m", "--model", default=DEFAULT_MODEL, envvar="OCICAT_MODEL", show_default=True, help="Model."
)
@click.option("--region", help="Region id or short code.")
@click.option("--profile", help="Profile of the OCI config file.")
@click.option("--auth", help="Kind of identity, such as api_key.")
@click.option("--compartment-id", help="OCID of the compartment to use.")
@click.option(
    "--transport",
    type=click.Choice(["auto", "openai", "native", "responses"]),
    help="Wire to use.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def doctor(
    model: str,
    region: str | None,
    profile: str | None,
    auth: str | None,
    compartment_id: str | None,
    transport: str | None,
    as_json: bool,
) -> int:
    """Find out what is wrong.

    Shows each setting and where it comes from, then tries everything that a call needs: settings,
    identity, DNS, TLS, clock, signature, policy, and a chat of one token. Exits with 1 if any of it
    fails. Secrets are never printed.
    """
    arguments: dict[str, Any] = {
        "oci_region": region,
        "oci_profile": profile,
        "oci_auth_type": auth,
        "oci_compartment_id": compartment_id,
        "transport": transport,
    }
    arguments = {name: value for name, value in arguments.items() if value is not None}
    settings = list(settings_in_use(arguments))
    if not as_json:
        _print_settings(settings)
    findings: list[Finding] = []
    for finding in diagnose(model, arguments):
        findings.append(finding)
        if not as_json:
            _print_finding(finding)
    if as_json:
        report = {
            "settings": [
                {"name": name, "value": value, "source": source} for name, value, source in settings
            ],
            "findings": [dataclasses.asdict(finding) for finding in findings],
        }
        click.echo(json.dumps(report, indent=2, ensure_ascii=False))
    return 0 if all(finding.ok for finding in findings) else 1


def _print_settings(settings: list[tuple[str, str, str]]) -> None:
    names = max(len(name) for name, _, _ in settings)
    for name, value, source in settings:
        click.echo(f"{name:{names}}  {value}  " + click.style(f"({source})", dim=True))
    click.echo()


def _print_finding(finding: Finding) -> None:
    mark = click.style("ok  ", fg="green") if finding.ok else click.style("FAIL", fg="red")
    click.echo(f"{mark}  {finding.step}: {finding.detail}")
    if finding.hint:
        click.echo(f"      {finding.hint}")
