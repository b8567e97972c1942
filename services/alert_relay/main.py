"""Publishes committed alerts, quarantine records and labels to their topics, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "relay")
    main()
