"""The simulated world: whole parties, one seed, one clock, one process.  `python -m skyparley.testing.simulate`."""
