"""Special functions on ndarrays, by NumPy alone: values, no gradients."""
