"""Archives committed records and their scores in parquet on S3, until SIGTERM."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv[1:1] = ["archive", "run"]
    main()
