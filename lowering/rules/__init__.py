"""Schedule rules: which groups fuse into one kernel, and how each is lowered to loops."""
