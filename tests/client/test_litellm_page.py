"""The examples of LiteLLM's page on OCI, as they are written there but for import and credentials.

Each ``<placeholder>`` of the page is a name here. The two examples whose signers log in through
OCI's metadata services need those services, and are not among these.
"""

from __future__ import annotations

from typing import Any

import pytest

from ocicat.emulator import Emulator

# The page's models that OCI has retired since; it answers 404 to them, and so does the emulator.
RETIRED = {"oci/cohere.command-latest": "oci/cohere.command-a-03-2025"}

MANUAL = """
messages = [{"role": "user", "content": "Hey! how's it going?"}]
response = completion(
    model="oci/xai.grok-4",
    messages=messages,
    oci_region=your_oci_region,
    oci_user=your_oci_user,
    oci_fingerprint=your_oci_fingerprint,
    oci_tenancy=your_oci_tenancy,
    oci_serving_mode="ON_DEMAND",  # Optional, default is "ON_DEMAND". Other option is "DEDICATED"
    # Provide either the private key string OR the path to the key file:
    # Option 1: pass the private key as a string
    oci_key=string_with_content_of_oci_key,
    # Option 2: pass the private key file path
    # oci_key_file="<path/to/oci_key.pem>",
    oci_compartment_id=oci_compartment_id,
)
print(response)
"""

SIGNER = """
from oci.signer import Signer

# Create an OCI Signer
signer = Signer(
    tenancy=your_oci_tenancy,
    user=your_oci_user,
    fingerprint=your_oci_fingerprint,
    private_key_file_location=path_to_key,
    # Or use private_key_content="<your_private_key_content>"
)

messages = [{"role": "user", "content": "Hey! how's it going?"}]
response = completion(
    model="oci/xai.grok-4",
    messages=messages,
    oci_signer=signer,
    oci_region="us-chicago-1",  # Optional, defaults to us-ashburn-1
    oci_serving_mode="ON_DEMAND",  # Optional, default is "ON_DEMAND". Other option is "DEDICATED"
    oci_compartment_id=oci_compartment_id,
)
print(response)
"""

CONFIG_FILE = """
from oci.config import from_file
from oci.signer import Signer

# Load config from file
config = from_file(path_to_config, "DEFAULT")  # "DEFAULT" is the profile name
signer = Signer(
    tenancy=config["tenancy"],
    user=config["user"],
    fingerprint=config["fingerprint"],
    private_key_file_location=config["key_file"],
    pass_phrase=config.get("pass_phrase")  # Optional if key is encrypted
)

messages = [{"role": "user", "content": "Hey! how's it going?"}]
response = completion(
    model="oci/xai.grok-4",
    messages=messages,
    oci_signer=signer,
    oci_region=config["region"],
    oci_compartment_id=oci_compartment_id,
)
print(response)
"""

MANUAL_STREAM = """
messages = [{"role": "user", "content": "Hey! how's it going?"}]
response = completion(
    model="oci/xai.grok-4",
    messages=messages,
    stream=True,
    oci_region=your_oci_region,
    oci_user=your_oci_user,
    oci_fingerprint=your_oci_fingerprint,
    oci_tenancy=your_oci_tenancy,
    oci_serving_mode="ON_DEMAND",  # Optional, default is "ON_DEMAND". Other option is "DEDICATED"
    # Provide either the private key string OR the path to the key file:
    # Option 1: pass the private key as a string
    oci_key=string_with_content_of_oci_key,
    # Option 2: pass the private key file path
    # oci_key_file="<path/to/oci_key.pem>",
    oci_compartment_id=oci_compartment_id,
)
for chunk in response:
    print(chunk["choices"][0]["delta"]["content"])  # same as openai format
"""

SIGNER_STREAM = """
from oci.signer import Signer

signer = Signer(
    tenancy=your_oci_tenancy,
    user=your_oci_user,
    fingerprint=your_oci_fingerprint,
    private_key_file_location=path_to_key,
)

messages = [{"role": "user", "content": "Hey! how's it going?"}]
response = completion(
    model="oci/xai.grok-4",
    messages=messages,
    stream=True,
    oci_signer=signer,
    oci_region="us-chicago-1",
    oci_compartment_id=oci_compartment_id,
)
for chunk in response:
    print(chunk["choices"][0]["delta"]["content"])  # same as openai format
"""

COHERE_SIGNER = """
from oci.signer import Signer

signer = Signer(
    tenancy=your_oci_tenancy,
    user=your_oci_user,
    fingerprint=your_oci_fingerprint,
    private_key_file_location=path_to_key,
)

messages = [{"role": "user", "content": "Explain quantum computing"}]
response = completion(
    model="oci/cohere.command-latest",
    messages=messages,
    oci_signer=signer,
    oci_region="us-chicago-1",
    oci_compartment_id=oci_compartment_id,
)
print(response)
"""

COHERE_MANUAL = """
messages = [{"role": "user", "content": "Explain quantum computing"}]
response = completion(
    model="oci/cohere.command-latest",
    messages=messages,
    oci_region=your_oci_region,
    oci_user=your_oci_user,
    oci_fingerprint=your_oci_fingerprint,
    oci_tenancy=your_oci_tenancy,
    oci_key=string_with_content_of_oci_key,
    oci_compartment_id=oci_compartment_id,
)
print(response)
"""


@pytest.mark.parametrize(
    "example",
    [MANUAL, SIGNER, CONFIG_FILE, MANUAL_STREAM, SIGNER_STREAM, COHERE_SIGNER, COHERE_MANUAL],
    ids=[
        "manual credentials",
        "SDK signer",
        "OCI config file",
        "manual credentials, stream",
        "SDK signer, stream",
        "Cohere, SDK signer",
        "Cohere, manual credentials",
    ],
)
def test_an_example_of_the_page_runs(
    oci_emulator: Emulator, capsys: pytest.CaptureFixture[str], example: str
) -> None:
    home = oci_emulator.home
    names: dict[str, Any] = {
        "your_oci_region": "us-chicago-1",
        "your_oci_user": home.user_id,
        "your_oci_fingerprint": home.fingerprint,
        "your_oci_tenancy": home.tenancy_id,
        "string_with_content_of_oci_key": home.key_file.read_text(),
        "oci_compartment_id": oci_emulator.compartment_id,
        "path_to_key": str(home.key_file),
        "path_to_config": str(home.config_file),
    }
    for retired, present in RETIRED.items():
        example = example.replace(retired, present)
    exec("from ocicat import completion\n" + example, names)
    printed = capsys.readouterr().out
    assert "emulator" in printed
    assert oci_emulator.ledger.last.verified
    assert oci_emulator.ledger.last.status == 200
