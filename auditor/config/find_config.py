"""Which auditor.yaml is used: the one that is named, else one that is found, unless the scanned tree is not trusted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from auditor.errors import ConfigError
from auditor.regular_files import tree_of

FILE_NAME = "auditor.yaml"
#: Environment variables that say the same as --config, --trusted-config, --no-config and --untrusted-tree. For checkov,
#: which takes no option of ours, they are the command line.
CONFIG, TRUSTED, NO_CONFIG, UNTRUSTED = (
    "AUDITOR_CONFIG", "AUDITOR_TRUSTED_CONFIG", "AUDITOR_NO_CONFIG", "AUDITOR_UNTRUSTED_TREE",
)  # fmt: skip
_OFF = frozenset({"", "0", "false", "no", "off"})
_WORLD_WRITABLE = 0o002
_ROOT = 0


@dataclass(frozen=True, slots=True)
class ConfigChoice:
    """What the command line says of the configuration.

    ``named``: the file of --config; ``trusted``: the file of --trusted-config; ``none``: no file at all. ``untrusted``:
    the tree may come from whoever asks for a change of it, so that no file is taken because it lies there.
    """

    named: Path | None = None
    trusted: Path | None = None
    none: bool = False
    untrusted: bool = False


@dataclass(frozen=True, slots=True)
class ConfigFound:
    """The file to use, None for none. ``note``: which one it is; ``problem``: which file is left aside, and why."""

    path: Path | None = None
    note: str = ""
    problem: str = ""


def is_on(variables: Mapping[str, str], name: str) -> bool:
    """Whether a variable of the environment says yes: set, and not to ``0``, ``false``, ``no`` or ``off``."""
    return variables.get(name, "").strip().lower() not in _OFF


def in_ci(variables: Mapping[str, str]) -> bool:
    """Whether a CI system runs this: all of the usual ones set ``CI``."""
    return is_on(variables, "CI")


def choice_of(variables: Mapping[str, str]) -> ConfigChoice:
    """What the environment says, for programs without options of ours."""
    named, trusted = variables.get(CONFIG, ""), variables.get(TRUSTED, "")
    return ConfigChoice(
        Path(named) if named else None,
        Path(trusted) if trusted else None,
        is_on(variables, NO_CONFIG),
        is_on(variables, UNTRUSTED) or in_ci(variables),
    )


def find_config(choice: ConfigChoice, folder: Path | None = None, *, variables: bool = False) -> ConfigFound:
    """The file to use. ``folder``: from where it is searched upward, by default the working folder; ``variables``:
    messages name environment variables instead of options.

    Raises ConfigError where two files are named.
    """
    config, trusted = (CONFIG, TRUSTED) if variables else ("--config", "--trusted-config")
    if choice.none:
        return ConfigFound()
    if choice.named is not None and choice.trusted is not None:
        raise ConfigError(f"{config} and {trusted} both name a file", hint="Give one of them.")
    if choice.trusted is not None:
        return ConfigFound(choice.trusted, f"Configuration: {choice.trusted}, trusted")
    here = (folder or Path()).absolute()
    if choice.named is not None:
        note = f"Configuration: {choice.named}"
        if choice.untrusted and in_tree(choice.named, here):
            note += f". It lies in the scanned tree, so whoever changes the tree can change it; {trusted} FILE is safer"
        return ConfigFound(choice.named, note)
    found, problem = _above(here)
    if found is None:
        return ConfigFound(problem=problem)
    shown = found if variables else Path(os.path.relpath(found, here))
    if choice.untrusted:
        return ConfigFound(
            problem=f"{shown} is not used: it lies in the scanned tree, so whoever changes the tree can change it. To"
            f" use it, name a copy from the target branch: {trusted}{'=' if variables else ' '}FILE"
        )
    place = "in the working folder" if found.parent == here else "found above the working folder"
    return ConfigFound(shown, f"Configuration: {shown} {place}")


def _above(folder: Path) -> tuple[Path | None, str]:
    """auditor.yaml of the folder or of the nearest one around it, and why one is left aside.

    The search ends at the root of the repository (``.git``), and before a folder that belongs to somebody else or that
    everybody may write to: there others could leave a file for us.
    """
    owner = folder.stat().st_uid
    for place in (folder, *folder.parents):
        try:
            around = place.stat()
            if place != folder and (around.st_uid != owner or around.st_mode & _WORLD_WRITABLE):
                break
            file = place / FILE_NAME
            # A pipe, or a link that leads nowhere, is refused when it is read; it is not as if nothing were there.
            if os.path.lexists(file) and not file.is_dir():
                if file.is_symlink() and not file.exists():
                    return file, ""
                if file.stat().st_uid in (owner, os.geteuid(), _ROOT):
                    return file, ""
                return None, f"{file} is not used: it belongs to another user. To use it, name it: --config FILE"
            if (place / ".git").exists():
                break
        except OSError:
            # What cannot be looked into holds no file that we could read.
            break
    return None, ""


def in_tree(path: Path, folder: Path) -> bool:
    """Whether a path lies in the tree around a folder."""
    return Path(os.path.realpath(path)).is_relative_to(tree_of(folder))


def check_stays(option: str, path: Path) -> None:
    """Raises ConfigError where a path that seems to lie in the tree around the working folder leads out of it: a
    symbolic link of the tree would choose where we write."""
    tree = tree_of(Path.cwd())
    real = Path(os.path.realpath(path))
    if path.absolute().is_relative_to(tree) and ".." not in path.parts and not real.is_relative_to(tree):
        raise ConfigError(
            f"{option} {path}: a symbolic link in the scanned tree leads to {real}",
            hint="Name a folder that is not part of the tree.",
        )
