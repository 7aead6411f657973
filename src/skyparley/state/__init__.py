"""The projection: folds of events, the spatial index, deadlines.  A view of the journal and nothing else."""
