"""The script `halfback`: the command line that the native half of the package holds."""

from __future__ import annotations

import os
import signal
import sys


def main() -> int:
    """Runs the command line with the arguments of this process and gives its exit code."""
    # Python would only take note of Ctrl-C until the command is done; the command itself ends a
    # transfer in good order. A broken pipe is quiet already: Python ignores its signal.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    from halfback._native import run_cli

    # A tracking server is read through this Python and the mlflow that it has.
    os.environ.setdefault("HALFBACK_PYTHON", sys.executable)

    return run_cli(sys.argv)


if __name__ == "__main__":
    sys.exit(main())
