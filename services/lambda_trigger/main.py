"""Feeds the alert function from its topic, as AWS's event source mapping does, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "lambda-trigger")
    main()
