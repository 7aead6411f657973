"""Keys, signed texts, cards and feeds: what proves who signed what, usable with no node at all."""
