"""A node of the demonstration as a process: `skyparley serve`, which also ends when whoever started it is gone.

Run as `python -m skyparley.demo.child DIR`.  The parent holds the other end of standard input and never writes: when
the parent ends, in whatever way, the pipe ends with it, and the node is told to stop as by an operator.
"""

import os
import signal
import sys
import threading
from importlib import import_module


def main() -> None:
    """Serves the node of the folder named on the command line."""
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    # The command line stands beside this floor: it is started here as the program that it is, not used as a part.
    sys.argv = ["skyparley", "serve", *sys.argv[1:]]
    import_module("skyparley.cli.main").main()


def _stop_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
