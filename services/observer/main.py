"""Measures the stream for Prometheus and `fraudstream top`, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["observe"]
    main()
