"""Importers into the graph dialect."""
