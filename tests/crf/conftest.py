"""Without a GPU the Triton kernels run in its interpreter."""

import os

import torch

if not torch.cuda.is_available():
    # read once, where the kernels are defined
    os.environ["TRITON_INTERPRET"] = "1"
