"""Every message that the library can raise or warn with.

An error says what was found, where, what was expected and what to do. Codes are
grouped by the module that raises them; a code is never reused.
"""


class Errors:
    # B0xx: tags
    B001 = (
        "[B001] Unknown tagging scheme '{scheme}'. Expected one of: {schemes}. "
        "Set 'scheme' in the component's config to one of them."
    )
    B002 = (
        "[B002] Illegal tag sequence under the scheme '{scheme}': '{tag}' at "
        "position {position} cannot follow '{previous}'. Expected an entity to open "
        "with {openers}; repair the tags before turning them into entities."
    )
    B003 = (
        "[B003] Unknown tag '{tag}' at position {position}. Expected 'O' or one of "
        "the prefixes {prefixes}, a hyphen and a label, such as '{example}'."
    )
    B004 = (
        "[B004] Entity ({start}, {end}, '{label}') does not fit: it must lie inside "
        "the {n_tokens} tokens, hold at least one token and overlap no other entity."
    )
    B005 = (
        "[B005] Label '{label}' is unknown. Expected one of: {labels}. Add it with "
        "'add_label' before the component is initialized."
    )
    B006 = "[B006] Duplicate label '{label}'. Expected each label once."

    # B1xx: CRF

    # B2xx: lattice and components

    # B3xx: layers and architectures

    # B4xx: converters

    # B5xx: command line and project


class Warnings:
    """Warnings carry a count and are given once a call, not once an item."""
