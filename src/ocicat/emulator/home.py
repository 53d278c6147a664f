"""The emulator's home: a throwaway key, and an OCI config file that leads to the emulator.

With that file an OCI client knows who calls, with which key, and at which address. The address is
in the key ``endpoint``, which ocicat takes as it is. The ``oci`` SDK puts ``https://`` and a
service's name in front of that key, so its clients need ``service_endpoint=`` as well (without it
they find no host at all, and never the real OCI). A home can be used again; the key then stays the
same.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ocicat.errors import InvalidSetting
from ocicat.signing.keys import fingerprint

__all__ = [
    "COMPARTMENT_ID",
    "PROJECT_ID",
    "REGION",
    "TENANCY_ID",
    "USER_ID",
    "Home",
    "new_key",
    "write_private",
]

TENANCY_ID: Final = "ocid1.tenancy.oc1..aaaaaaaaocicatemulatortenancy"
USER_ID: Final = "ocid1.user.oc1..aaaaaaaaocicatemulatoruser"
COMPARTMENT_ID: Final = "ocid1.compartment.oc1..aaaaaaaaocicatemulatorcompartment"
#: The region that the emulator plays.
REGION: Final = "us-chicago-1"
PROJECT_ID: Final = f"ocid1.generativeaiproject.oc1.{REGION}.amaaaaaaocicatemulatorproject"

_MARK: Final = "# Written by the ocicat emulator, and again at each of its starts."


class Home:
    """A directory with ``emulator_key.pem`` and ``config``.

    ``directory`` is made if need be. ``key_pem`` is a private key to use where there is none yet;
    by default a new one is made (some 100 ms). Raises :class:`~ocicat.errors.InvalidSetting` when
    the directory holds an OCI config file that the emulator did not write, or an unusable key.
    """

    def __init__(self, directory: str | os.PathLike[str], *, key_pem: bytes | None = None) -> None:
        self.path: Path = Path(directory).expanduser().resolve()
        self.path.mkdir(parents=True, exist_ok=True)
        self.config_file: Path = self.path / "config"
        self.key_file: Path = self.path / "emulator_key.pem"
        self.tenancy_id: str = TENANCY_ID
        self.user_id: str = USER_ID
        self.compartment_id: str = COMPARTMENT_ID
        self.project_id: str = PROJECT_ID
        self.region: str = REGION
        self._refuse_a_stranger()
        if not self.key_file.exists():
            write_private(self.key_file, key_pem or new_key())
        #: The public half of the throwaway key.
        self.public_key: rsa.RSAPublicKey = self._read_key().public_key()
        self.fingerprint: str = fingerprint(self.public_key)
        self._endpoint = ""
        self._profiles: dict[str, list[str]] = {}

    @property
    def key_id(self) -> str:
        """The ``keyId`` with which requests of the home's identity are signed."""
        return f"{self.tenancy_id}/{self.user_id}/{self.fingerprint}"

    def write_config(self, endpoint: str) -> None:
        """Write the config file, so that its profile ``DEFAULT`` leads to ``endpoint``."""
        lines = [
            _MARK,
            "[DEFAULT]",
            f"user={self.user_id}",
            f"fingerprint={self.fingerprint}",
            f"tenancy={self.tenancy_id}",
            f"region={self.region}",
            f"key_file={self.key_file}",
            f"endpoint={endpoint}",
        ]
        for name, settings in self._profiles.items():
            lines += ["", f"[{name}]", *settings, f"endpoint={endpoint}"]
        self._endpoint = endpoint
        write_private(self.config_file, ("\n".join(lines) + "\n").encode())

    def add_session(self, profile: str, token: str, key_pem: bytes) -> tuple[Path, Path]:
        """Write a session's token and key, and a profile for it, as the OCI CLI does.

        Returns the paths of the token and of the key. A profile of the same name is replaced.
        """
        directory = self.path / "sessions" / profile
        directory.mkdir(parents=True, exist_ok=True)
        token_file = write_private(directory / "token", token.encode())
        key_file = write_private(directory / "oci_api_key.pem", key_pem)
        key = serialization.load_pem_private_key(key_pem, None)
        assert isinstance(key, rsa.RSAPrivateKey)
        self._profiles[profile] = [
            f"fingerprint={fingerprint(key.public_key())}",
            f"tenancy={self.tenancy_id}",
            f"region={self.region}",
            f"key_file={key_file}",
            f"security_token_file={token_file}",
        ]
        self.write_config(self._endpoint)
        return token_file, key_file

    def environment(self) -> dict[str, str]:
        """The environment variables with which clients find this home."""
        return {
            "OCI_CONFIG_FILE": str(self.config_file),
            "OCI_PROFILE": "DEFAULT",
            "OCI_COMPARTMENT_ID": self.compartment_id,
            "OCI_GENAI_PROJECT_ID": self.project_id,
        }

    def _refuse_a_stranger(self) -> None:
        if self.config_file.exists() and not self.config_file.read_bytes().startswith(
            _MARK.encode()
        ):
            raise InvalidSetting(
                f"{self.config_file} exists, and the emulator did not write it.",
                setting="home",
                hint="Give the emulator a directory of its own.",
            )

    def _read_key(self) -> rsa.RSAPrivateKey:
        try:
            # Our own key; validating its primes would take 40 ms at each start.
            key = serialization.load_pem_private_key(
                self.key_file.read_bytes(), None, unsafe_skip_rsa_key_validation=True
            )
        except (ValueError, TypeError):
            key = None
        if not isinstance(key, rsa.RSAPrivateKey):
            raise InvalidSetting(
                f"{self.key_file} is not an RSA key that the emulator can use.",
                setting="home",
                hint="Delete the file; the emulator then makes a new key.",
            )
        return key


def new_key() -> bytes:
    """A new RSA-2048 private key in PEM."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def write_private(path: Path, content: bytes) -> Path:
    """Write a file that only its owner may read, and never half of it. Returns ``path``."""
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    temporary.replace(path)
    return path
