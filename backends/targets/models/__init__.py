"""One file for each target, found by being here: it binds `TARGET` to a `TargetModel`."""
