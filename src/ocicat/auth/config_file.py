"""The OCI config file (``~/.oci/config``), read as the ``oci`` SDK and the CLI read it.

It is an INI file without interpolation; what ``[DEFAULT]`` says holds for every profile. Beside it
the CLI has a file of its own (``~/.oci/oci_cli_rc``) with defaults for its commands, of which the
compartment and the default profile matter here too. A file is parsed once and again only when it
changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ocicat.auth import files
from ocicat.errors import ConfigFileNotFound, InvalidSetting, ProfileNotFound

__all__ = [
    "DEFAULT_PROFILE",
    "Profile",
    "cli_default_profile",
    "cli_defaults",
    "locate",
    "parse",
    "read_profile",
]

DEFAULT_PROFILE = "DEFAULT"
_USUAL = ("~/.oci/config", "~/.oraclebmc/config")

_CLI_FILE = "~/.oci/oci_cli_rc"
_CLI_SETTINGS = "OCI_CLI_SETTINGS"

_Sections = dict[str, dict[str, str]]
_parsed: dict[Path, tuple[files.Stamp | None, _Sections]] = {}


@dataclass(frozen=True, slots=True)
class Profile:
    """One section of a config file: ``values`` with what it inherits from ``[DEFAULT]``.

    ``own`` names the keys that the section itself has.
    """

    name: str
    path: Path
    values: Mapping[str, str]
    own: frozenset[str]

    def __repr__(self) -> str:
        # The values may hold a pass phrase.
        return f"<Profile {self.name} in {self.path}>"


def locate(path: str | None) -> Path | None:
    """The config file to read: ``path`` if given, else the usual ones; ``None`` if none exists.

    Raises :class:`~ocicat.errors.ConfigFileNotFound` for a given path that does not exist.
    """
    if path is not None:
        given = Path(path).expanduser()
        if not given.is_file():
            raise ConfigFileNotFound(
                f"There is no OCI config file at {given}.",
                hint="Check OCI_CONFIG_FILE, or create the file with `oci setup config`.",
            )
        return given
    return next((usual for usual in map(_expanded, _USUAL) if usual.is_file()), None)


def _expanded(path: str) -> Path:
    return Path(path).expanduser()


def read_profile(path: Path, name: str) -> Profile:
    """The profile called ``name``.

    Raises :class:`~ocicat.errors.ProfileNotFound`, which lists the profiles there are,
    :class:`~ocicat.errors.ConfigFileNotFound`, or :class:`~ocicat.errors.InvalidSetting` for a
    file that is no INI file.
    """
    sections = _sections(path)
    own = sections.get(name)
    if own is None:
        listed = ", ".join(sections) or "none"
        raise ProfileNotFound(
            f"The config file {path} has no profile {name!r}.", hint=f"It has: {listed}."
        )
    inherited = sections.get(DEFAULT_PROFILE, {})
    return Profile(name, path, {**inherited, **own}, frozenset(own))


def cli_default_profile(path: str | None) -> str | None:
    """The profile that the CLI's own file at ``path`` (or the usual place) makes the default."""
    return _cli_sections(path).get(_CLI_SETTINGS, {}).get("default_profile")


def cli_defaults(path: str | None, profile: str) -> Mapping[str, str]:
    """What the CLI's own file says for a profile, such as ``compartment-id``."""
    sections = _cli_sections(path)
    return {**sections.get(DEFAULT_PROFILE, {}), **sections.get(profile, {})}


def _cli_sections(path: str | None) -> _Sections:
    file = Path(path or _CLI_FILE).expanduser()
    return _sections(file) if file.is_file() else {}


def _sections(path: Path) -> _Sections:
    stamp = files.stamp(path)
    known = _parsed.get(path)
    if known is not None and stamp is not None and known[0] == stamp:
        return known[1]
    data = files.read(path, f"The OCI config file {path}", ConfigFileNotFound)
    sections = parse(data, path)
    _parsed[path] = (stamp, sections)
    return sections


def parse(data: bytes, path: Path) -> dict[str, dict[str, str]]:
    """What each profile itself says, without what it inherits. ``path`` is for the errors.

    Raises :class:`~ocicat.errors.InvalidSetting` for what is no INI file.
    """
    import configparser  # 13 ms, and not needed where credentials come as arguments

    # A section that no file has as the default one, so that what is inherited can be told apart.
    parser = configparser.ConfigParser(interpolation=None, default_section="\0")
    try:
        parser.read_string(data.decode("utf-8-sig"), source=str(path))
    except UnicodeDecodeError:
        raise InvalidSetting(
            f"The OCI config file {path} is not UTF-8 text.", setting="config_file"
        ) from None
    except configparser.Error as problem:
        # The parser's own message quotes the line, which may hold a pass phrase.
        line = getattr(problem, "lineno", None)
        place = f"line {line} of " if line else ""
        raise InvalidSetting(
            f"The OCI config file cannot be read: {place}{path} is not `key = value` or"
            f" `[profile]` ({type(problem).__name__}).",
            setting="config_file",
        ) from None
    return {section: dict(parser[section]) for section in parser.sections()}
