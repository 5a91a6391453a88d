"""Pages on machines: the plant at a glance, one machine, trends of any tags."""
