"""Models whose shapes are known only when they run."""
