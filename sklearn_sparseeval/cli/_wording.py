"""Numbers with their nouns."""


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    Parameters
    ----------
    number : int
        How many.
    noun : str
        What, in the singular; the plural adds an s.

    Returns
    -------
    text : str
        Such as "1 model" or "2 models".
    """
    return f"{number} {noun}{'' if number == 1 else 's'}"
