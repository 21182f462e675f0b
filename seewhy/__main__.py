"""`python -m seewhy`, as a launcher of processes starts it."""

import sys

from seewhy.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
