"""The operators and their gradients, side by side."""
