"""The array API's extension of Fourier transforms."""
