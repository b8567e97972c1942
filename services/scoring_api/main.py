"""Answers over HTTP what a payment would score, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "scoring-api")
    main()
