"""The command `crmo-adapter`. Data goes to stdout, words for people to stderr.

What a command needs is imported when it runs, so that --help does not wait for a database driver.

Takes from: every journey.  Gives to: people and scripts.
"""

from adapter.cli.entry import main
from adapter.cli.rooms import add_commands

add_commands(main)

__all__ = ["main"]
