"""Every text that people read is there in Chinese too."""

from pathlib import Path

from babel.messages.extract import extract
from babel.messages.pofile import read_po

from lotone import web
from lotone.web.reader import translations
from lotone.web.texts import SCRIPT_TEXTS

FOLDER = Path(web.__file__).parent
SCRIPTS = Path(__file__).parents[2] / "web" / "src"


def _texts() -> dict[str, str]:
    """Every text and the file it stands in."""
    found = dict.fromkeys(SCRIPT_TEXTS, "texts.py")
    for path in sorted(FOLDER.rglob("*.html")) + sorted(FOLDER.rglob("*.py")):
        method = "jinja2.ext:babel_extract" if path.suffix == ".html" else "python"
        keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "say": None}
        with path.open("rb") as file:
            for _, message, _, _ in extract(method, file, keywords=keywords, options={"silent": "false"}):
                found[message if isinstance(message, str) else message[0]] = str(path.relative_to(FOLDER))
    return found


def test_every_text_is_translated() -> None:
    chinese = translations("zh")
    known = {key[0] if isinstance(key, tuple) else key for key, text in chinese._catalog.items() if text}
    missing = {text: place for text, place in _texts().items() if text and text not in known}
    entries = "\n".join(f'# {place}\nmsgid "{text}"\nmsgstr ""\n' for text, place in missing.items())
    assert not missing, f"missing in Chinese; put these into the folder's zh.po:\n{entries}"


def test_placeholders_survive_translation() -> None:
    for path in sorted(FOLDER.rglob("zh.po")):
        with path.open("rb") as file:
            for message in read_po(file, locale="zh_Hans"):
                if message.id and isinstance(message.id, str) and message.python_format:
                    assert not list(message.check()), f"{path}: {message.id}: {message.string}"
                if message.id and "{" in str(message.id):
                    names = {part.partition("}")[0] for part in str(message.id).split("{")[1:]}
                    assert all(f"{{{name}}}" in str(message.string) for name in names), message.id


def test_texts_of_scripts_are_listed() -> None:
    """say("...") in TypeScript finds its translation only if texts.py lists it."""
    unlisted = []
    for path in sorted(SCRIPTS.rglob("*.ts")):
        for part in path.read_text(encoding="utf-8").split('say("')[1:]:
            text = part.partition('"')[0]
            if text not in SCRIPT_TEXTS:
                unlisted.append(f"{path.name}: {text}")
    assert not unlisted, "\n".join(unlisted)
