"""The driver of the scorer: scores payments on the Spark that SPARK_MASTER names, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "score")
    main()
