"""Sends payments until stopped: `python services/producer/main.py --rate 200`, as `fraudstream produce` does."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "produce")
    main()
