"""The phrasebook: one code, one sentence in each language; words that the line avoids; a library without a node."""
