"""The layers once more, with switches: what hypotheses are made of. None of this decides what is right."""
