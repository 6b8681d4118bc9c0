"""Answers of a model that is asked by instruction, by script."""

import re

REQUEST = (
    '{"acts":["request"],"spans":[{"slot":"need","words":"a thriller"},{"slot":"want","words":"thriller"}]}'
)


def reads(prompt):
    """Whether it asks for the meaning of a message, and not for a sentence."""
    return "Sentence:" not in prompt


def well(prompt):
    """Reads a request, and writes the required facts into a sentence, thinking aloud."""
    if reads(prompt):
        return REQUEST
    places = re.search(r"Use each of these: (.*?)\. For", prompt)
    return f"<think>hm</think>\n You might like {places[1].replace(', ', ' and ') if places else 'this'}."
