"""The engine: one writer, a gate that opens when the disk has answered, delivery, clocks.  Ports, no adapters."""
