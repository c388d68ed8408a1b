"""Prints, for each label given as an argument, the text of each of the 256 octets as Python decodes it, or null."""
import json
import sys

# The names that Python has for the encodings of the WHATWG standard, where they differ.
NAMES = {"ibm866": "cp866", "macintosh": "mac_roman", "x-mac-cyrillic": "mac_cyrillic", "windows-874": "cp874",
         "iso-8859-8-i": "iso-8859-8", "iso-8859-8": "iso-8859-8"}


def decode(name, octet):
    try:
        return bytes([octet]).decode(NAMES.get(name, name))
    except UnicodeDecodeError:
        return None


json.dump({name: [decode(name, octet) for octet in range(256)] for name in sys.argv[1:]}, sys.stdout)
