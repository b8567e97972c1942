"""Delivers alerts on the channels of ALERT_CHANNELS, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "notify")
    main()
