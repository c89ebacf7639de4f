"""`python -m adapter` is the command `crmo-adapter`."""

from adapter.cli import main

if __name__ == "__main__":  # processes that the screening starts read this file too
    main(prog_name="crmo-adapter")
