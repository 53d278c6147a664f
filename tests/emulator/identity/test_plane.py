"""What tests control of the identity plane."""

from __future__ import annotations

import socket
import ssl
import stat
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import oci
import pytest

from ocicat.emulator import Emulator
from ocicat.emulator.identity.keys import shared_key
from ocicat.errors import InvalidSetting
from support.emulator_client import ask


def region(emulator: Emulator) -> int:
    headers = {"authorization": "Bearer Oracle"}
    return ask(emulator, "GET", "/opc/v2/instance/region", headers=headers, sign=False).status


def test_no_key_and_no_certificate_is_made_before_somebody_logs_in() -> None:
    """In a process of its own, since keys are shared by all emulators of one."""
    program = """
import sys
from ocicat.emulator import Emulator
from ocicat.emulator.identity import keys
with Emulator() as emulator:
    emulator.identity.deny("somebody")
assert not keys._shared, keys._shared
assert "cryptography.x509" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", program], check=True, timeout=50)


def test_emulators_of_a_process_share_keys_and_nothing_else() -> None:
    with Emulator() as first, Emulator() as second:
        one, two = first.identity.certificate, second.identity.certificate
    assert one.key is two.key
    assert one.certificate.issuer != two.certificate.issuer
    assert first.identity.client_secret != second.identity.client_secret


def test_a_certificate_is_made_once_and_rotated_on_request(emulator: Emulator) -> None:
    with ThreadPoolExecutor(4) as pool:
        leaves = list(pool.map(lambda _: emulator.identity.certificate, range(4)))
    assert len({leaf.certificate_pem for leaf in leaves}) == 1

    rotated = emulator.identity.rotate_certificate()
    assert rotated is emulator.identity.certificate
    assert rotated.key.public_key() != leaves[0].key.public_key()


def test_rules_meet_requests_by_path(emulator: Emulator) -> None:
    emulator.identity.when("/opc/v2").fail(503).times(2)
    emulator.identity.when("/opc/v2/instance/reg").fail(500)

    assert [region(emulator) for _ in range(3)] == [503, 503, 200]
    assert [entry.status for entry in emulator.ledger] == [503, 503, 200]


def test_rules_can_reset_and_stall(emulator: Emulator) -> None:
    emulator.identity.when("/opc/v2").reset().times(1)
    with pytest.raises(ConnectionError):
        region(emulator)
    assert emulator.ledger.last.status is None
    emulator.identity.when("/opc/v2").stall(0.01).times(1)
    assert region(emulator) == 200


def test_a_session_is_written_as_the_cli_writes_it(emulator: Emulator) -> None:
    first = emulator.identity.session("WORK")
    emulator.identity.session("PLAY")
    config = oci.config.from_file(str(emulator.home.config_file), "WORK")

    assert config["security_token_file"] == str(first.token_file)
    assert config["key_file"] == str(first.key_file)
    assert config["region"] == emulator.identity.region
    assert first.token_file.read_text() == first.token
    assert stat.S_IMODE(first.key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(first.token_file.stat().st_mode) == 0o600
    assert first.token not in repr(first)
    oci.config.from_file(str(emulator.home.config_file), "PLAY")
    oci.config.validate_config(oci.config.from_file(str(emulator.home.config_file)))


def test_an_unknown_version_of_resource_principals_is_named(emulator: Emulator) -> None:
    with pytest.raises(InvalidSetting, match=r"9\.9"):
        emulator.identity.resource_environment("9.9")


def test_everything_answers_over_tls_too(emulator: Emulator) -> None:
    address = emulator.identity.serve_tls()
    assert address.host == "127.0.0.1"
    context = ssl.create_default_context(cafile=str(address.ca_file))
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
    )
    request = urllib.request.Request(
        f"{address.url}/opc/v2/instance/region", headers={"Authorization": "Bearer Oracle"}
    )
    with opener.open(request, timeout=20) as response:
        assert response.read() == b"us-chicago-1"


def test_a_client_that_stays_on_does_not_keep_the_emulator_from_stopping() -> None:
    with Emulator() as emulator:
        address = emulator.identity.serve_tls()
        context = ssl.create_default_context(cafile=str(address.ca_file))
        plain = socket.create_connection((address.host, address.port), timeout=20)
        secure = context.wrap_socket(plain, server_hostname=address.host)
        secure.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        assert secure.recv(12) == b"HTTP/1.1 404"
        silent = socket.create_connection((address.host, address.port), timeout=20)
    secure.close()
    silent.close()


def test_clusters_do_not_share_an_address() -> None:
    with Emulator() as first, Emulator() as second:
        one = first.identity.serve_workloads(port=0)
        other = second.identity.serve_workloads(port=one.port)
        assert (one.port, one.host) != (other.port, other.host)
        assert other.port == one.port
        with pytest.raises(InvalidSetting, match="cannot listen"):
            second.identity.serve_workloads(one.host, one.port)


def test_tls_needs_a_running_emulator() -> None:
    with pytest.raises(RuntimeError):
        Emulator().identity.serve_tls()


def test_a_resource_logs_in_with_a_key_that_is_known(emulator: Emulator) -> None:
    variables = emulator.identity.resource_environment("2.1.2")
    assert variables["OCI_RESOURCE_PRINCIPAL_SECURITY_CONTEXT"]
    with pytest.raises(ValueError, match="not a public key"):
        emulator.identity.add_resource("ocid1.x.oc1..a", "AAAA")
    assert shared_key("resource")
