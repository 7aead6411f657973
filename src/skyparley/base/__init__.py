"""Units, times, ids, errors, limits and canonical JSON: what every other floor stands on."""
