"""The part of lit that lit.cfg.py uses."""
