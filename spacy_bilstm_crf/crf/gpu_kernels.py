"""The recursions as Triton kernels: one program runs through the steps of a sequence.

In log space, so that any scores will do, -inf included. The mass at each step is
shifted so that its largest value is 0, and the shifts are added up in float64; all
else is computed in the dtype of the scores. A step waits for nothing but the step
before it: the transitions are in registers, and the next emissions are on their way.

The symbols are those of `cpu_forward_backward`: alpha[t] is the mass of all paths up to
token t, beta[t] that of all paths after it, gamma[t] = emission[t] + beta[t]. Both
directions are one recursion. With into[t] the mass that arrives at token t, which is
alpha[t] without its emission on the way forward and beta[t] on the way back,

    into[next token, k] = log sum_i exp(into[t, i] + emission[t, i] + transition[i, k])

where the way back takes the transitions transposed.

Tensors are contiguous. Axes of tags are padded to BLOCK, a power of 2, with -inf. One
compiled kernel serves batches of all sizes: none is compiled in.
"""

import triton
import triton.language as tl

MINUS_INFINITY = tl.constexpr(float("-inf"))


@triton.jit
def finite(scores):
    """The scores, 0 in the place of -inf: safe to subtract from -inf."""
    return tl.where(scores == MINUS_INFINITY, 0.0, scores)


@triton.jit
def log_sum(scores):
    """log(sum(exp(scores))) over the first axis."""
    largest = finite(tl.max(scores, 0))
    total = tl.sum(tl.exp(scores - tl.expand_dims(largest, 0)), 0)
    # tested on the sum, as the maximum may overlook nan
    is_possible = total != 0
    total = tl.where(is_possible, total, 1.0)
    return tl.where(is_possible, largest + tl.log(total), MINUS_INFINITY)


@triton.jit
def load_table(transitions, n_tags, BLOCK: tl.constexpr):
    """Shape: (BLOCK, BLOCK). Contiguous, so that a thread holds whole columns."""
    tags = tl.arange(0, BLOCK)
    known = tags < n_tags
    return tl.load(
        transitions + tags[:, None] * n_tags + tags[None, :],
        mask=known[:, None] & known[None, :],
        other=MINUS_INFINITY,
    )


@triton.jit(do_not_specialize=["batch_size", "seq_len", "n_tags"])
def carry(
    emissions,
    tables,
    start_transitions,
    end_transitions,
    lengths,
    gold,
    into,
    log_partition,
    batch_size,
    seq_len,
    n_tags,
    HAS_GOLD: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Fill into, shape (2, n_rows, seq_len, n_tags), and log_partition, shape (2,
    n_rows), in float64: forward, and back. Padding is left alone.

    tables: The transitions, and the same transposed. Shape: (2, n_tags, n_tags).
    gold: Which tags are left. Shape: (batch_size, seq_len, n_tags). With HAS_GOLD the
        rows are all sequences as they are, and all of them again with these tags only.
    Grid: (n_rows, 2).
    """
    row = tl.program_id(0).to(tl.int64)
    is_back = tl.program_id(1)
    sequence = row % batch_size
    length = tl.load(lengths + sequence)
    tags = tl.arange(0, BLOCK)
    known = tags < n_tags
    # shape: (BLOCK, BLOCK), the tag that comes first in this direction first
    table = load_table(tables + is_back * n_tags * n_tags, n_tags, BLOCK)
    # shape: (BLOCK,) each
    start = tl.load(start_transitions + tags, mask=known, other=MINUS_INFINITY)
    end = tl.load(end_transitions + tags, mask=known, other=MINUS_INFINITY)
    arriving = tl.where(is_back == 0, start, end)
    leaving = tl.where(is_back == 0, end, start)
    step = tl.where(is_back == 0, n_tags, -n_tags)
    first = tl.where(is_back == 0, 0, length - 1) * n_tags
    place = sequence * seq_len * n_tags + first + tags
    n_rows = tl.num_programs(0).to(tl.int64)
    into += (is_back * n_rows + row) * seq_len * n_tags + first + tags
    possible = known
    # in the rows without gold
    is_free = known & (row + tl.zeros_like(tags) < batch_size)
    if HAS_GOLD:
        possible = is_free | (tl.load(gold + place, mask=known, other=0) != 0)
    emission = tl.load(emissions + place, mask=possible, other=MINUS_INFINITY)
    shifts = tl.zeros([1], dtype=tl.float64)
    for _ in range(1, length):
        tl.store(into, arriving, mask=known)
        mass = arriving + emission
        place += step
        into += step
        if HAS_GOLD:
            possible = is_free | (tl.load(gold + place, mask=known, other=0) != 0)
        emission = tl.load(emissions + place, mask=possible, other=MINUS_INFINITY)
        shift = finite(tl.max(mass, 0))
        shifts += shift.to(tl.float64)
        arriving = log_sum(table + (mass - shift)[:, None])
    tl.store(into, arriving, mask=known)
    total = log_sum((arriving + emission + leaving)[:, None])
    at = log_partition + is_back * n_rows + row + tl.arange(0, 1)
    tl.store(at, total.to(tl.float64) + shifts)


@triton.jit
def probabilities(scores):
    """Softmax over both axes of a table; 0 if all is -inf."""
    # the first axis first: it lies within a thread
    largest = finite(tl.max(tl.max(scores, 0), 0))
    mass = tl.exp(scores - largest)
    total = tl.sum(tl.sum(mass, 0), 0)
    return mass / tl.where(total > 0, total, 1.0)


@triton.jit
def at_token(emissions, into, back, table, there, before, n_tags):
    """The probabilities of tags at a token, and of the steps to it from the one before.

    emissions, into, back: Pointers to its tags: scores, and what arrives from before
        and from after it. Shape: (BLOCK,) each.
    there, before: Which tags are possible at the token, and at the one before.
    """
    emission = tl.load(emissions, mask=there, other=MINUS_INFINITY)
    gamma = emission + tl.load(back, mask=there, other=MINUS_INFINITY)
    arriving = tl.load(into, mask=there, other=MINUS_INFINITY)
    share = tl.sum(probabilities((arriving + gamma)[:, None]), 1)
    alpha = tl.load(emissions - n_tags, mask=before, other=MINUS_INFINITY)
    alpha += tl.load(into - n_tags, mask=before, other=MINUS_INFINITY)
    return share, probabilities(alpha[:, None] + table + gamma[None, :])


@triton.jit(do_not_specialize=["seq_len", "n_tags", "chunk_len"])
def count(
    emissions,
    transitions,
    lengths,
    weights,
    gold,
    into,
    log_partition,
    marginals,
    counts,
    seq_len,
    n_tags,
    chunk_len,
    HAS_GOLD: tl.constexpr,
    BLOCK: tl.constexpr,
):
    """Fill marginals, shape (batch_size, seq_len, n_tags), and for each chunk of tokens
    counts, shape (batch_size, n_chunks, n_tags + 2, n_tags): those of transitions, of
    first tags, and of last tags. All times the weight of the sequence. With HAS_GOLD
    minus those of the gold; zero where gold leaves no path.

    Probabilities need no scale: at each step those of all tags add up to 1.

    into, log_partition: Of `carry`.
    Grid: (batch_size, n_chunks).
    """
    sequence = tl.program_id(0).to(tl.int64)
    chunk = tl.program_id(1)
    batch_size = tl.num_programs(0).to(tl.int64)
    length = tl.load(lengths + sequence)
    weight = tl.load(weights + sequence)
    n_rows = batch_size
    if HAS_GOLD:
        n_rows = 2 * batch_size
        gold_log_z = tl.load(log_partition + batch_size + sequence)
        weight = tl.where(gold_log_z == MINUS_INFINITY, 0.0, weight)
    weight = weight.to(emissions.dtype.element_ty)
    tags = tl.arange(0, BLOCK)
    known = tags < n_tags
    square = tags[:, None] * n_tags + tags[None, :]
    table = load_table(transitions, n_tags, BLOCK)
    steps = tl.zeros([BLOCK, BLOCK], dtype=emissions.dtype.element_ty)
    first = tl.zeros([BLOCK], dtype=emissions.dtype.element_ty)
    last = tl.zeros([BLOCK], dtype=emissions.dtype.element_ty)
    size = seq_len.to(tl.int64) * n_tags
    back = into + n_rows * size
    for token in range(chunk * chunk_len, tl.minimum((chunk + 1) * chunk_len, seq_len)):
        place = sequence * size + token * n_tags + tags
        # shape: (BLOCK,) each
        tokens = token + tl.zeros_like(tags)
        there = known & (tokens < length)
        before = there & (tokens > 0)
        share, steps_there = at_token(
            emissions + place, into + place, back + place, table, there, before, n_tags
        )
        steps += weight * steps_there
        if HAS_GOLD:
            there &= tl.load(gold + place, mask=there, other=0) != 0
            before &= tl.load(gold + place - n_tags, mask=before, other=0) != 0
            gold_share, gold_steps = at_token(
                emissions + place,
                into + batch_size * size + place,
                back + batch_size * size + place,
                table,
                there,
                before,
                n_tags,
            )
            share -= gold_share
            steps -= weight * gold_steps
        share *= weight
        tl.store(marginals + place, share, mask=known)
        first += tl.where(tokens == 0, share, 0.0)
        last += tl.where(tokens == length - 1, share, 0.0)
    counts += (sequence * tl.num_programs(1) + chunk) * (n_tags + 2) * n_tags
    tl.store(counts + square, steps, mask=known[:, None] & known[None, :])
    tl.store(counts + n_tags * n_tags + tags, first, mask=known)
    tl.store(counts + (n_tags + 1) * n_tags + tags, last, mask=known)


@triton.jit(do_not_specialize=["seq_len", "n_tags"])
def best_path(
    emissions,
    transitions,
    start_transitions,
    end_transitions,
    lengths,
    backpointers,
    tag_ids,
    scores,
    seq_len,
    n_tags,
    BLOCK: tl.constexpr,
):
    """Fill tag_ids, shape (batch_size, seq_len), padding left alone, and scores, in
    float64, shape (batch_size,). Of tags that tie the lowest is taken, from the end on.

    backpointers: Room for (batch_size, seq_len, n_tags).
    Grid: (batch_size,).
    """
    sequence = tl.program_id(0).to(tl.int64)
    length = tl.load(lengths + sequence)
    tags = tl.arange(0, BLOCK)
    known = tags < n_tags
    table = load_table(transitions, n_tags, BLOCK)
    # shape: (BLOCK,) each
    start = tl.load(start_transitions + tags, mask=known, other=MINUS_INFINITY)
    end = tl.load(end_transitions + tags, mask=known, other=MINUS_INFINITY)
    row = sequence * seq_len
    place = row * n_tags + tags
    emission = tl.load(emissions + place, mask=known, other=MINUS_INFINITY)
    best = start + emission
    for _ in range(1, length):
        place += n_tags
        emission = tl.load(emissions + place, mask=known, other=MINUS_INFINITY)
        best -= finite(tl.max(best, 0))
        arriving, previous = tl.max(
            best[:, None] + table,
            0,
            return_indices=True,
            return_indices_tie_break_left=True,
        )
        previous = tl.minimum(previous, n_tags - 1)
        tl.store(backpointers + place, previous.to(tl.int16), mask=known)
        best = arriving + emission
    tag = tl.argmax(best + end, 0, tie_break_left=True)
    # where scores are nan, none is the largest, and padding may be chosen
    tag = tl.minimum(tag, n_tags - 1)
    # what all threads have written is read by each of them
    tl.debug_barrier()
    score = tl.load(end_transitions + tag).to(tl.float64)
    token = row + length - 1
    for _ in range(1, length):
        tl.store(tag_ids + token, tag.to(tl.int64))
        previous = tl.load(backpointers + token * n_tags + tag).to(tl.int32)
        score += tl.load(emissions + token * n_tags + tag).to(tl.float64)
        score += tl.load(transitions + previous * n_tags + tag).to(tl.float64)
        tag = previous
        token -= 1
    tl.store(tag_ids + token, tag.to(tl.int64))
    score += tl.load(emissions + token * n_tags + tag).to(tl.float64)
    score += tl.load(start_transitions + tag).to(tl.float64)
    tl.store(scores + sequence, score)
