"""Measures live quality and drift again and again, and stores it, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["quality", "--watch"]
    main()
