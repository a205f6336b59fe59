"""Floor 5: the ``assistant`` command, the same services without a browser."""

from __future__ import annotations


def main() -> None:
    """Run the command line."""
    from assistant.cli.commands import run

    run()
