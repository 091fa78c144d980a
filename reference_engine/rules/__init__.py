"""The operators and their gradients: each operator's forward and each rule stand in one place, side by side."""
