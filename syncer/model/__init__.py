"""What everything speaks of. Frozen, pure, no I/O."""
