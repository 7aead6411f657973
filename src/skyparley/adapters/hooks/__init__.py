"""Hooks: what rings in a node reaches a pager, a siren, a telephone."""
