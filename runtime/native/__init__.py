"""Native code of the run time, built from `llvm` ops and compiled by the backend like every kernel: the thread pool."""
