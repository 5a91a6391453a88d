"""MQTT topics and the subjects that the message server makes of them."""


def topic_of(subject: str) -> str:
    """The MQTT topic behind a subject, as the message server maps them: `/` is `.`, `.` is `//`, an empty level `/`."""
    if "/" not in subject:
        return subject.replace(".", "/")
    characters = []
    position = 0
    while position < len(subject):
        pair = subject[position : position + 2]
        characters.append(_PAIRS[pair] if pair in _PAIRS else _SINGLES.get(pair[0], pair[0]))
        position += 2 if pair in _PAIRS else 1
    return "".join(characters)


_PAIRS = {"//": ".", "/.": "/"}
_SINGLES = {".": "/", "/": ""}


def subject_of(topic: str) -> str:
    """The subject that the message server uses for an MQTT topic without empty levels."""
    return ".".join(level.replace(".", "//") for level in topic.split("/"))
