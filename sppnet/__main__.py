"""`python -m sppnet`: the `sppnet` command."""

from sppnet.tools.cli import main

main()
