"""What a run costs, from its settings alone: numbers to learn, FLOPs, bytes.

FLOPs are those of torch.utils.flop_counter: two a multiplication in a matrix product,
all T² attention scores counted, nothing else. Bytes are those of float32, in which
weights, gradients and AdamW's averages are kept, bf16 or not; activations come on top.
"""

from explore_transformers.pretraining.models import llama_sizes

BYTES = 4  # a number in float32


def block_matrices(model):
    """Sizes (in, out) of the matrices of a block that multiply every token."""
    d = model.d_model
    if model.kind == "gpt":
        return [(d, 3 * d), (d, d), (d, 4 * d), (4 * d, d)]
    sizes = llama_sizes(model, 0)
    d_kv = sizes["n_kv_heads"] * d // model.n_heads
    d_ff = sizes["d_ff"]
    return [(d, d), (d, d_kv), (d, d_kv), (d, d), *[(d, d_ff)] * 2, (d_ff, d)]


def n_parameters(model, vocab_size):
    """How many numbers a model of the [model] settings learns."""
    d = model.d_model
    matrices = block_matrices(model)
    block = sum(n_in * n_out for n_in, n_out in matrices)
    if model.kind == "gpt":  # biases, two norms a block, positions, the last norm
        block += sum(n_out for _, n_out in matrices) + 4 * d
        return vocab_size * d + model.max_len * d + model.n_layers * block + 2 * d
    return vocab_size * d + model.n_layers * (block + 2 * d) + d


def n_tensors(model):
    """How many tensors these numbers are in."""
    if model.kind == "gpt":
        return 2 + 12 * model.n_layers + 2
    return 1 + 9 * model.n_layers + 1


def forward_flops(model, vocab_size, n_rows=1):
    """FLOPs of the logits of n_rows rows of max_len tokens."""
    T, d = model.max_len, model.d_model
    block = sum(2 * n_in * n_out for n_in, n_out in block_matrices(model))
    attention = 4 * T * d  # a token's scores, and the mean of the values by them
    a_token = model.n_layers * (block + attention) + 2 * d * vocab_size
    return n_rows * T * a_token


def flops(model, vocab_size, n_rows=1):
    """FLOPs of training on n_rows rows of max_len tokens, forwards and backwards.

    Backwards, each matrix product needs two: for its input and for its matrix.
    """
    return 3 * forward_flops(model, vocab_size, n_rows)


def memory(model, vocab_size):
    """Bytes {"weights", "gradients", "optimizer"} of a process, without activations.

    AdamW keeps two averages of each gradient, and for each tensor a count of steps.
    Several processes add DistributedDataParallel's buckets, as large as the gradients.
    """
    weights = BYTES * n_parameters(model, vocab_size)
    optimizer = 2 * weights + BYTES * n_tensors(model)
    return {"weights": weights, "gradients": weights, "optimizer": optimizer}
