"""`python -m skyparley` is `skyparley`."""

from skyparley.cli.main import main

main()
