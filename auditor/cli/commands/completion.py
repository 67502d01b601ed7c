"""auditor completion"""

from __future__ import annotations

import click

_SHELLS = ("bash", "zsh", "fish")


@click.command("completion", short_help="Print the completion script of a shell.")
@click.argument("shell", type=click.Choice(_SHELLS))
def command(shell: str) -> None:
    """Print the script with which a shell completes commands and options.

    \b
    eval "$(auditor completion bash)"                  # in ~/.bashrc
    eval "$(auditor completion zsh)"                   # in ~/.zshrc
    auditor completion fish > ~/.config/fish/completions/auditor.fish
    """
    from click.shell_completion import get_completion_class

    from auditor.cli.main import cli

    found = get_completion_class(shell)
    assert found is not None, shell
    complete = found(cli, {}, "auditor", "_AUDITOR_COMPLETE")
    # Not its source(): that runs bash first, to ask it for its version.
    click.echo(complete.source_template % complete.source_vars())
