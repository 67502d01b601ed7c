"""Options that say which auditor.yaml counts. Each has an environment variable, which checkov's checks read as well."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from auditor.cli.option_groups import several
from auditor.config.find_config import CONFIG, NO_CONFIG, TRUSTED, UNTRUSTED, ConfigChoice

_FILE = click.Path(path_type=Path, dir_okay=False)


def config_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """--config and --no-config. The command gets both as ``config``, a ConfigChoice."""

    @wraps(function)
    def command(*, config: Path | None, no_config: bool, **options: Any) -> Any:
        source = click.get_current_context().get_parameter_source
        if no_config and source("config") is ParameterSource.COMMANDLINE:
            raise click.UsageError("--config and --no-config say the opposite.")
        return function(config=ConfigChoice(named=config, none=no_config), **options)

    return _BOTH(command)


_BOTH = several(
    click.option(
        "--config", metavar="FILE", type=_FILE, envvar=CONFIG,
        help="Configuration. Without it, auditor.yaml is searched from the working folder up to the root of the"
        f" repository. Options win over it.  [env var: {CONFIG}]",
    ),
    click.option(
        "--no-config", is_flag=True, envvar=NO_CONFIG, help=f"Don't read auditor.yaml.  [env var: {NO_CONFIG}]",
    ),
)  # fmt: skip


#: --trusted-config and --untrusted-tree, for commands that read what somebody else may have written.
trust_options = several(
    click.option(
        "--trusted-config", metavar="FILE", type=_FILE, envvar=TRUSTED,
        help="Configuration that is not part of the change under review: the target branch's auditor.yaml."
        f"  [env var: {TRUSTED}]",
    ),
    click.option(
        "--untrusted-tree", is_flag=True, envvar=UNTRUSTED,
        help="Don't use an auditor.yaml that is merely found in the scanned tree. This is the default if the"
        f" environment variable CI is set.  [env var: {UNTRUSTED}]",
    ),
    heading="Configuration",
)  # fmt: skip
