"""The OCI config file (``~/.oci/config``), read as the ``oci`` SDK and the CLI read it.

It is an INI file without interpolation; what ``[DEFAULT]`` says holds for every profile. A file is
parsed once and again only when it changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ocicat.auth import files
from ocicat.errors import ConfigFileNotFound, InvalidSetting, ProfileNotFound

__all__ = ["DEFAULT_PROFILE", "Profile", "locate", "read_profile"]

DEFAULT_PROFILE = "DEFAULT"
_USUAL = ("~/.oci/config", "~/.oraclebmc/config")

_parsed: dict[Path, tuple[files.Stamp | None, dict[str, dict[str, str]]]] = {}


@dataclass(frozen=True, slots=True)
class Profile:
    """One section of a config file, with what it inherits from ``[DEFAULT]``."""

    name: str
    path: Path
    values: Mapping[str, str]

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
    profiles = _profiles(path)
    values = profiles.get(name)
    if values is None:
        listed = ", ".join(profiles) or "none"
        raise ProfileNotFound(
            f"The config file {path} has no profile {name!r}.", hint=f"It has: {listed}."
        )
    return Profile(name, path, values)


def _profiles(path: Path) -> dict[str, dict[str, str]]:
    stamp = files.stamp(path)
    known = _parsed.get(path)
    if known is not None and stamp is not None and known[0] == stamp:
        return known[1]
    profiles = _parse(path)
    _parsed[path] = (stamp, profiles)
    return profiles


def _parse(path: Path) -> dict[str, dict[str, str]]:
    import configparser  # 13 ms, and not needed where credentials come as arguments

    data = files.read(path, f"The OCI config file {path}", ConfigFileNotFound)
    parser = configparser.ConfigParser(interpolation=None)
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
    profiles = {section: dict(parser[section]) for section in parser.sections()}
    if b"[DEFAULT]" in data:
        profiles = {DEFAULT_PROFILE: dict(parser.defaults()), **profiles}
    return profiles
