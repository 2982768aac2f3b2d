"""Running compiled models: weights, arena, sessions."""
