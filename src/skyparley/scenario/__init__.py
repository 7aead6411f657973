"""Timelines as data: a file of acts, faults and expectations, played through whole nodes on a simulated clock."""
