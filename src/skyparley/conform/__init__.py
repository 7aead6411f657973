"""Tests any node that claims line-v1, from the specification, as a peer of it.

It is a second implementation, for whoever does not trust ours: it shares keys, signatures, cards and canonical JSON
with the node, and nothing else.  What the node says is judged by the JSON Schemas of docs/spec.
"""
