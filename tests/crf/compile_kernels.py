"""Compile the kernels for a GPU that need not be there: `python compile_kernels.py`.

Triton's interpreter takes more for Python than its compiler does.
"""

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from spacy_bilstm_crf.crf import gpu_kernels

TARGET = GPUTarget("cuda", 80, 32)
SIZES = ("batch_size", "seq_len", "n_tags", "chunk_len")
# of arguments that have not the dtype of the scores
TYPES = {
    "lengths": "*i64",
    "tag_ids": "*i64",
    "gold": "*u8",
    "backpointers": "*i16",
    "weights": "*fp64",
    "log_partition": "*fp64",
    **dict.fromkeys(SIZES, "i32"),
}


def compile_kernel(name: str, dtype: str, constants: dict[str, object]) -> None:
    kernel = getattr(gpu_kernels, name)
    types = {"scores": "*fp64", **TYPES} if name == "best_path" else TYPES
    signature = {
        argument: "constexpr" if argument in constants else types.get(argument, dtype)
        for argument in kernel.arg_names
    }
    source = ASTSource(fn=kernel, signature=signature, constexprs=constants)
    compiled = triton.compile(source, target=TARGET, options={"num_warps": 1})
    assert compiled.asm["cubin"]


def main() -> None:
    for dtype in ("*fp32", "*fp64"):
        compile_kernel("best_path", dtype, {"BLOCK": 32})
        for name in ("carry", "count"):
            compile_kernel(name, dtype, {"BLOCK": 32, "HAS_GOLD": True})
            free = {"BLOCK": 32, "HAS_GOLD": False, "gold": None}
            compile_kernel(name, dtype, free)


if __name__ == "__main__":
    main()
