//! A font that is part of this program, and the characters of it that a document uses.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Finish, Name, Pdf, Rect, Ref, Str};
use ttf_parser::Face;

use super::packed;

const REGULAR: &[u8] = include_bytes!("../../../../../assets/fonts/Inter-Regular.ttf");
const BOLD: &[u8] = include_bytes!("../../../../../assets/fonts/Inter-SemiBold.ttf");
/// What stands for a character that the font doesn't have. Copied out of the document it is that
/// character again.
const LACKING: char = '□';
const SYSTEM: SystemInfo<'static> =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

/// One weight of the letters.
pub(super) struct Typeface {
    name: &'static [u8],
    file: &'static [u8],
    /// The file as documents hold it.
    squeezed: &'static [u8],
    face: Face<'static>,
    /// By character: its number in the document.
    used: BTreeMap<char, u16>,
    lacks: bool,
}

impl Typeface {
    pub(super) fn regular() -> Self {
        static SQUEEZED: LazyLock<Vec<u8>> = LazyLock::new(|| packed(REGULAR));
        Self::new(b"Inter-Regular", REGULAR, &SQUEEZED)
    }

    pub(super) fn bold() -> Self {
        static SQUEEZED: LazyLock<Vec<u8>> = LazyLock::new(|| packed(BOLD));
        Self::new(b"Inter-SemiBold", BOLD, &SQUEEZED)
    }

    fn new(name: &'static [u8], file: &'static [u8], squeezed: &'static [u8]) -> Self {
        let face = Face::parse(file, 0).expect("the file is in this program, and a test reads it");
        Self { name, file, squeezed, face, used: BTreeMap::new(), lacks: false }
    }

    pub(super) fn name(&self) -> &'static [u8] {
        self.name
    }

    pub(super) fn lacks(&self) -> bool {
        self.lacks
    }

    /// How wide a line is, in its own size.
    pub(super) fn width(&self, line: &str) -> f32 {
        line.chars().map(|c| self.advance(c)).sum::<f32>() / 1000.0
    }

    /// The bytes that a document shows for a line.
    pub(super) fn glyphs(&mut self, line: &str) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(line.len() * 2);
        for c in line.chars() {
            self.lacks |= self.face.glyph_index(c).is_none();
            // Number 0 is the glyph of no character. A page has nowhere near as many as would wrap.
            let next = u16::try_from(self.used.len() + 1).unwrap_or_default();
            bytes.extend(self.used.entry(c).or_insert(next).to_be_bytes());
        }
        bytes
    }

    /// Writes the font and what of it is used; takes this number and the five after it.
    pub(super) fn embed(&self, pdf: &mut Pdf, id: Ref) {
        let number = |after: i32| Ref::new(id.get() + after);
        let (cid, about, file, to_unicode, to_glyph) =
            (number(1), number(2), number(3), number(4), number(5));
        let name = Name(self.name);
        pdf.type0_font(id)
            .base_font(name)
            .encoding_predefined(Name(b"Identity-H"))
            .descendant_font(cid)
            .to_unicode(to_unicode);

        let mut in_order: Vec<(u16, char)> =
            self.used.iter().map(|(c, number)| (*number, *c)).collect();
        in_order.sort_unstable();
        let mut font = pdf.cid_font(cid);
        font.subtype(CidFontType::Type2).base_font(name).system_info(SYSTEM);
        font.font_descriptor(about).cid_to_gid_map_stream(to_glyph).default_width(0.0);
        font.widths().consecutive(1, in_order.iter().map(|(_, c)| self.advance(*c)));
        font.finish();

        let scale = |units: i16| f32::from(units) * 1000.0 / f32::from(self.face.units_per_em());
        let bounds = self.face.global_bounding_box();
        let mut descriptor = pdf.font_descriptor(about);
        descriptor.name(name).flags(FontFlags::NON_SYMBOLIC).italic_angle(0.0).stem_v(80.0);
        descriptor.bbox(Rect::new(
            scale(bounds.x_min),
            scale(bounds.y_min),
            scale(bounds.x_max),
            scale(bounds.y_max),
        ));
        descriptor.ascent(scale(self.face.ascender())).descent(scale(self.face.descender()));
        descriptor.cap_height(scale(self.face.capital_height().unwrap_or_default()));
        descriptor.font_file2(file);
        descriptor.finish();

        let length = i32::try_from(self.file.len()).unwrap_or(i32::MAX);
        let mut stream = pdf.stream(file, self.squeezed);
        stream.filter(Filter::FlateDecode);
        stream.pair(Name(b"Length1"), length);
        stream.finish();

        let mut words = UnicodeCmap::new(Name(b"Characters"), SYSTEM);
        let mut glyphs = vec![0, 0];
        for (number, c) in &in_order {
            words.pair(*number, *c);
            glyphs.extend(self.glyph(*c).to_be_bytes());
        }
        let words = packed(&words.finish());
        pdf.cmap(to_unicode, &words).filter(Filter::FlateDecode);
        let glyphs = packed(&glyphs);
        pdf.stream(to_glyph, &glyphs).filter(Filter::FlateDecode);
    }

    fn glyph(&self, c: char) -> u16 {
        let found = self.face.glyph_index(c).or_else(|| self.face.glyph_index(LACKING));
        found.map_or(0, |glyph| glyph.0)
    }

    /// In thousandths of the size.
    fn advance(&self, c: char) -> f32 {
        let units = self.face.glyph_hor_advance(ttf_parser::GlyphId(self.glyph(c)));
        f32::from(units.unwrap_or_default()) * 1000.0 / f32::from(self.face.units_per_em())
    }
}
