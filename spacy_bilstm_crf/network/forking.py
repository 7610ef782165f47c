"""Torch in the processes of `nlp.pipe(n_process=...)`."""

import functools
import os

import torch


@functools.cache
def use_one_thread_after_fork() -> None:
    """Let forked processes compute with one thread each.

    A fork does not copy the threads of OpenMP, and a process that waits for them
    hangs for ever once its parent has used them. Where processes are not forked
    there is nothing to do. Calling this again does nothing.
    """
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(after_in_child=_use_one_thread)


def _use_one_thread() -> None:
    torch.set_num_threads(1)
