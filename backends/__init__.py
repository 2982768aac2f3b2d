"""Target models, LLVM emission, object code and the code image."""
