#!/usr/bin/env python3
"""Reduces the Bot API schema of aiogram's source distribution to what the fake knows. See README.md beside this file.

usage: reduce_schema.py schema.json > schema.reduced.json
"""
import json
import re
import sys

METHODS = """
answerCallbackQuery deleteMessage deleteMyCommands deleteWebhook editMessageReplyMarkup editMessageText getFile getMe
getMyCommands getUpdates getWebhookInfo sendChatAction sendDocument sendMessage sendMessageDraft sendPhoto
sendRichMessage setMessageReaction setMyCommands setWebhook
""".split()
# Of rich messages the kinds the gateway sends; the others would be four times the rest.
MEMBERS = {
    "InputRichBlock": "Paragraph SectionHeading Preformatted Divider List BlockQuotation Table".split(),
    "RichText": "Bold Italic Strikethrough Code Url BotCommand".split(),
}
LEFT_OUT = {"Array of InputRichMessageMedia"}
SIMPLE = {"String", "Integer", "Float", "Boolean", "True", "InputFile"}

schema = json.load(open(sys.argv[1], encoding="utf-8"))
known = {child["name"]: child for item in schema["items"] for child in item["children"]}
types, unions = {}, {}


def field(annotation):
    text = annotation["description"]
    out = {"type": annotation["type"], "required": annotation["required"]}
    if length := re.search(r"\b(\d+)-(\d+) (characters|bytes)", text):
        out |= {"min": int(length[1]), "max": int(length[2]), "unit": length[3]}
    if number := re.search(r"Values between (\d+)-(\d+) are accepted", text):
        out |= {"min": int(number[1]), "max": int(number[2]), "unit": "value"}
    if constant := re.search(r"(?:always|must be) ['\"“](\w+)['\"”]|, must be (\w+)$", text):
        out["const"] = constant[1] or constant[2]
    return out


def fields(name):
    return {a["name"]: field(a) for a in known[name]["annotations"] if a["type"] not in LEFT_OUT}


def visit(kind):
    for name in kind.replace("Array of ", "").split(" or "):
        if name in SIMPLE or name in types or name in unions:
            continue
        if known[name]["annotations"] or name == "CallbackGame":
            types[name] = fields(name)
            parts = [f["type"] for f in types[name].values()]
        else:
            members = [m for m in known if m != name and m.startswith(name) and known[m]["category"] == "types"]
            if name in MEMBERS:
                members = [name + member for member in MEMBERS[name]]
            unions[name] = members
            parts = members
        for part in parts:
            visit(part)


methods = {name: fields(name) for name in METHODS}
for method in methods.values():
    for f in method.values():
        visit(f["type"])
json.dump(
    {"version": schema["api"]["version"], "methods": methods, "types": types, "unions": unions},
    sys.stdout, indent=1, sort_keys=True, ensure_ascii=False,
)
print()
