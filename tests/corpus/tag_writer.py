"""A writer of tags that shares nothing with the library: its mirror in tests."""

# the prefixes of an entity's tokens: alone, first, inside, last; and of the first
# token where the token before belongs to another entity of the same label
SPELLINGS = {
    "iob1": ("I", "I", "I", "I", "B"),
    "iob2": ("B", "B", "I", "I", "B"),
    "biluo": ("U", "B", "I", "L", None),
    "bioes": ("S", "B", "I", "E", None),
    "bmes": ("S", "B", "M", "E", None),
    "bmewo": ("W", "B", "M", "E", None),
}


def mirror(n_tokens, entities, spelling):
    """Write tags token by token, from what each token is in its entity."""
    alone, first, inside, last, after_same = SPELLINGS[spelling]
    owner = {i: e for e in entities for i in range(e[0], e[1])}
    tags = []
    for i in range(n_tokens):
        if i not in owner:
            tags.append("O")
            continue
        start, end, label = owner[i]
        before = owner.get(i - 1)
        if i == start and before and before[2] == label and after_same:
            prefix = after_same
        elif end - start == 1:
            prefix = alone
        elif i == start:
            prefix = first
        else:
            prefix = last if i == end - 1 else inside
        tags.append(f"{prefix}-{label}")
    return tags
