"""A page as a test reads it: well-formed, its tables, boxes and data."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser

VOID = {"meta", "br", "input", "wbr"}
NOTHING_FROM_OUTSIDE = re.compile(r"<script src|<link|<img|https?:|url\(|@import|\bsrc=")


class Reading(HTMLParser):
    """Fails on tags that do not pair; collects the cells of the tables, the tags, their attributes, and the data."""

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.attributes, self.classes, self.rows, self.text = [], [], [], [], [], []
        self.data = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        self.classes.append(dict(attrs).get("class") or "")
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag == "script":
            self.is_data = dict(attrs).get("type") == "application/json"
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] == ["script"]:
            if self.is_data:
                self.data.append(json.loads(data))
            return
        self.text.append(data)
        if "td" in self.open or "th" in self.open:
            self.rows[-1][-1] += data
