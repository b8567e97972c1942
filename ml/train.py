"""What a training job runs: `python ml/train.py --customers 2000`; `fraudstream train` does the same."""

import sys

from fraudstream.cli import main

if __name__ == "__main__":
    sys.argv.insert(1, "train")
    main()
