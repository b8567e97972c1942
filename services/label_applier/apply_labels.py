"""Applies labels as they arrive, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "apply-labels")
    main()
