"""`python -m halfback`, which is the script `halfback`."""

import sys

from halfback.cli import main

if __name__ == "__main__":
    sys.exit(main())
