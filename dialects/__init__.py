"""The IR dialects of tilewright."""
