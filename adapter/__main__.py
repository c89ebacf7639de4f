"""`python -m adapter` is the command `crmo-adapter`."""

from adapter.cli import main

main(prog_name="crmo-adapter")
