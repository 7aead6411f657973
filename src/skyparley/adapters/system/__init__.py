"""What the node has of its machine: files, keys, accounts, settings and its folder."""
