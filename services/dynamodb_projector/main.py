"""Copies committed scores to DynamoDB, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "project-scores")
    main()
