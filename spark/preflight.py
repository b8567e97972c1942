"""Says what the scorer misses on the Spark that SPARK_MASTER names; exit status 0 only if nothing."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["emr", "preflight"]
    main()
