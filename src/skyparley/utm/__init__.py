"""The gateway to drone traffic: a Discovery and Synchronization Service of ASTM F3548-21."""
