"""Makes the fonts in this folder from those of the npm package inter-ui.

    python3 subset.py node_modules/inter-ui/web      # needs fonttools and brotli

What is kept: Latin, Greek, Cyrillic, punctuation, and the arrows, marks and shapes of our own texts.
Digits are the tabular ones. There is no layout table: the page places characters one by one.
"""

import sys
from pathlib import Path

from fontTools import subset
from fontTools.ttLib import TTFont

KEPT = [
    (0x20, 0x7E), (0xA0, 0x24F), (0x2B0, 0x36F), (0x370, 0x52F), (0x1E00, 0x1FFF), (0x2010, 0x205E),
    (0x2070, 0x209F), (0x20A0, 0x20C0), (0x2100, 0x214F), (0x2190, 0x21FF), (0x2200, 0x22FF),
    (0x25A0, 0x25FF), (0x2700, 0x27BF),
]  # fmt: skip


def tabular(font):
    """The plain digits' glyphs and their equals of one width."""
    table = font["GSUB"].table
    found = {}
    for record in table.FeatureList.FeatureRecord:
        if record.FeatureTag != "tnum":
            continue
        for at in record.Feature.LookupListIndex:
            for part in table.LookupList.Lookup[at].SubTable:
                found.update(getattr(getattr(part, "ExtSubTable", part), "mapping", {}))
    return found


def make(source, target):
    font = TTFont(source)
    digits = tabular(font)
    for table in font["cmap"].tables:
        for code in range(ord("0"), ord("9") + 1):
            if table.cmap.get(code) in digits:
                table.cmap[code] = digits[table.cmap[code]]
    options = subset.Options()
    options.layout_features = []
    options.hinting = False
    options.notdef_outline = True
    options.glyph_names = False
    options.name_IDs = [1, 2, 4, 5, 6, 13, 14]
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "STAT", "gasp", "DSIG", "meta"]
    kept = subset.Subsetter(options)
    kept.populate(unicodes=[code for first, last in KEPT for code in range(first, last + 1)])
    kept.subset(font)
    font["post"].formatType = 3
    font.flavor = None
    font.recalcTimestamp = False
    font.save(target)


if __name__ == "__main__":
    for name in ["Inter-Regular", "Inter-SemiBold"]:
        make(Path(sys.argv[1]) / f"{name}.woff2", Path(__file__).with_name(f"{name}.ttf"))
