"""Answers the analyst over HTTP, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "analyst-api")
    main()
