"""What limits every library to a number of threads: variables, and processors that it may use."""

import os


def environment_for(threads):
    """Environment variables for `threads` threads, to be set before a library loads."""
    count = str(threads)
    return {
        "OMP_NUM_THREADS": count,  # torch, and OpenMP in general
        "MKL_NUM_THREADS": count,
        "OPENBLAS_NUM_THREADS": count,  # NumPy
        "TF_NUM_INTRAOP_THREADS": count,
        "TF_NUM_INTEROP_THREADS": count,
        "NPROC": count,  # XLA's pool
        "XLA_FLAGS": f"--xla_cpu_multi_thread_eigen={'true' if threads > 1 else 'false'}",
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "PYTHONHASHSEED": "0",
    }


def keep_to_processors(threads):
    """Binds this process to as many processors, where the system lets it.

    XLA hands work from one thread to another even if it has only one to compute with. Between two
    processors that takes up to four times as long as the work of a small program.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-threads:])
