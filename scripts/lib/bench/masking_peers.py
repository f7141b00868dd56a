"""Runs one peer over labelled bodies (standard input, one JSON object a line): recall, harm, speed. For bench/masking.py."""

import json
import sys
import time


def detect_secrets():
    from detect_secrets.core.scan import scan_line
    from detect_secrets.settings import default_settings

    def find(text):
        with default_settings():
            return [found.secret_value or "" for line in text.splitlines() for found in scan_line(line)]
    return find, ""


def presidio():
    import spacy
    from presidio_analyzer import AnalyzerEngine
    from presidio_analyzer.nlp_engine import SpacyNlpEngine

    class Blank(SpacyNlpEngine):
        """A tokenizer without a model: names of people and places are not found, all patterns are."""

        def __init__(self, language):
            super().__init__()
            self.nlp = {"en": language}

    if spacy.util.is_package("en_core_web_sm"):
        language, note = spacy.load("en_core_web_sm"), " (en_core_web_sm)"
    else:
        language, note = spacy.blank("en"), " (patterns alone, without a model)"
    language.max_length = 10_000_000
    engine = AnalyzerEngine(nlp_engine=Blank(language), supported_languages=["en"])
    return lambda text: [text[hit.start:hit.end] for hit in engine.analyze(text=text, language="en", score_threshold=0.5)], note


def main():
    name = sys.argv[1]
    find, note = {"detect-secrets": detect_secrets, "presidio": presidio}[name]()
    bodies = [json.loads(line) for line in sys.stdin if line.strip()]
    texts = [bytes.fromhex(body["hex"]).decode(errors="replace") for body in bodies]
    start = time.process_time()
    answers = [find(text) for text in texts]
    seconds = time.process_time() - start
    secrets = found = clean = changed = 0
    for body, answer in zip(bodies, answers):
        for secret in body["secrets"]:
            secrets += 1
            # Generous: a part that is half of it counts as found.
            found += any(secret in hit or hit in secret and len(hit) * 2 >= len(secret) for hit in answer if hit)
        if not body["secrets"]:
            clean += 1
            changed += bool(answer)
    size = sum(len(body["hex"]) // 2 for body in bodies)
    print(f"{name}{note}: {found} of {secrets} secrets found, {100 * found / secrets:.1f} %; something found in {changed} of {clean} "
          f"clean bodies, {100 * changed / clean:.1f} %; {size / seconds / 1e6:.2f} MB/s")


main()
