"""A node of the demonstration as a process: `skyparley serve`, which also ends when whoever started it is gone.

Run as `python -m skyparley.demo.child DIR`.  The parent holds the other end of standard input and never writes: when
the parent ends, in whatever way, the pipe ends with it, and the node is told to stop as by an operator.
"""

import os
import signal
import sys
import threading

from skyparley.cli.main import main as command_line


def main() -> None:
    """Serves the node of the folder named on the command line."""
    threading.Thread(target=_stop_with_parent, daemon=True).start()
    sys.argv = ["skyparley", "serve", *sys.argv[1:]]
    command_line()


def _stop_with_parent() -> None:
    while os.read(0, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    main()
