"""Records the notifications that reach the subscriber's queue, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "inbox")
    main()
