"""Statements: the envelope, the slots of every type, the catalogue, and what stands beside the feed."""
