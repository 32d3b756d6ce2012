//! One page of A4 across, drawn into a PDF.
//!
//! Lengths are points from the top left corner. Text is set in fonts that the document brings along, so
//! that a page looks the same everywhere and gives the same bytes for the same content. What strangers
//! wrote reaches the document as numbers of glyphs and nothing else: there is no string in it that they
//! could end.

mod typeface;

use chrono::{DateTime, Datelike, Timelike, Utc};
use pdf_writer::{Content, Date, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

use crate::markdown;
use typeface::Typeface;

/// The page's size.
pub(crate) const WIDTH: f32 = 841.89;
pub(crate) const HEIGHT: f32 = 595.28;
/// Characters of one piece of text.
const CAP: usize = 400;
/// How far a circle's curves bend.
const BEND: f32 = 0.552_284_8;

/// A colour.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Ink(pub u8, pub u8, pub u8);

impl Ink {
    /// The colour with so much white in it.
    pub fn tint(self, part: f32) -> Self {
        let mix = |channel: u8| (255.0 - (255.0 - f32::from(channel)) * part).round() as u8;
        Self(mix(self.0), mix(self.1), mix(self.2))
    }

    fn parts(self) -> [f32; 3] {
        [self.0, self.1, self.2].map(|channel| f32::from(channel) / 255.0)
    }
}

/// How heavy letters are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Weight {
    Regular,
    Bold,
}

/// How text is set.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    pub size: f32,
    pub weight: Weight,
    pub ink: Ink,
}

/// What closed shapes look like.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Look {
    pub fill: Option<Ink>,
    pub line: Option<(Ink, f32)>,
    pub dash: Option<f32>,
}

/// Where text stands to the point it is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    After,
    Before,
    Around,
}

/// The page so far.
pub(crate) struct Sheet {
    content: Content,
    regular: Typeface,
    bold: Typeface,
}

impl Sheet {
    pub fn new() -> Self {
        Self { content: Content::new(), regular: Typeface::regular(), bold: Typeface::bold() }
    }

    /// Whether a character was asked for that the fonts don't have.
    pub fn lacks(&self) -> bool {
        self.regular.lacks() || self.bold.lacks()
    }

    /// How wide text is, shown as it would be.
    pub fn width(&self, said: &str, style: Style) -> f32 {
        self.face(style.weight).width(&shown(said)) * style.size
    }

    /// What is shown of text that must not be wider than this.
    pub fn cut(&self, said: &str, style: Style, most: f32) -> String {
        self.fitting(shown(said), style, most)
    }

    /// One line of text on a base line, cut to a width.
    pub fn text(&mut self, said: &str, at: (f32, f32), place: Place, style: Style, most: f32) {
        let line = self.fitting(shown(said), style, most);
        self.set(&line, at, place, style);
    }

    /// Text on at most so many lines; answers how many it took.
    pub fn lines(
        &mut self,
        said: &str,
        (x, y): (f32, f32),
        style: Style,
        (most, lines, leading): (f32, usize, f32),
    ) -> usize {
        let broken = self.broken(&shown(said), style, most, lines);
        for (at, line) in broken.iter().enumerate() {
            self.set(line, (x, y + leading * at as f32), Place::After, style);
        }
        broken.len()
    }

    /// How many lines text takes, of so many.
    pub fn count(&self, said: &str, style: Style, (most, lines): (f32, usize)) -> usize {
        self.broken(&shown(said), style, most, lines).len()
    }

    /// A rectangle with round corners.
    pub fn rect(
        &mut self,
        (x, y): (f32, f32),
        (width, height): (f32, f32),
        round: f32,
        look: Look,
    ) {
        let round = round.min(width / 2.0).min(height / 2.0).max(0.0);
        let (left, right, top, bottom) = (x, x + width, HEIGHT - y, HEIGHT - y - height);
        let bend = round * (1.0 - BEND);
        self.begin(look);
        let path = &mut self.content;
        path.move_to(left + round, top).line_to(right - round, top);
        path.cubic_to(right - bend, top, right, top - bend, right, top - round);
        path.line_to(right, bottom + round);
        path.cubic_to(right, bottom + bend, right - bend, bottom, right - round, bottom);
        path.line_to(left + round, bottom);
        path.cubic_to(left + bend, bottom, left, bottom + bend, left, bottom + round);
        path.line_to(left, top - round);
        path.cubic_to(left, top - bend, left + bend, top, left + round, top);
        path.close_path();
        self.end(look);
    }

    /// A circle.
    pub fn circle(&mut self, (x, y): (f32, f32), radius: f32, look: Look) {
        self.rect((x - radius, y - radius), (radius * 2.0, radius * 2.0), radius, look);
    }

    /// A closed shape.
    pub fn shape(&mut self, points: &[(f32, f32)], look: Look) {
        self.begin(look);
        self.through(points);
        self.content.close_path();
        self.end(look);
    }

    /// Lines from point to point.
    pub fn way(&mut self, points: &[(f32, f32)], ink: Ink, width: f32, dash: Option<f32>) {
        let look = Look { fill: None, line: Some((ink, width)), dash };
        self.begin(look);
        self.through(points);
        self.end(look);
    }

    /// A curve from the first point to the last, towards the two between.
    pub fn curve(&mut self, points: [(f32, f32); 4], ink: Ink, width: f32, dash: Option<f32>) {
        let look = Look { fill: None, line: Some((ink, width)), dash };
        let [from, one, other, to] = points.map(|(x, y)| (x, HEIGHT - y));
        self.begin(look);
        self.content.move_to(from.0, from.1);
        self.content.cubic_to(one.0, one.1, other.0, other.1, to.0, to.1);
        self.end(look);
    }

    /// The document.
    pub fn finish(self, title: &str, at: DateTime<Utc>) -> Vec<u8> {
        let (catalog, pages, page, content, info) =
            (Ref::new(1), Ref::new(2), Ref::new(3), Ref::new(4), Ref::new(5));
        let mut pdf = Pdf::new();
        let mut root = pdf.catalog(catalog);
        root.pages(pages).lang(TextStr("en"));
        root.viewer_preferences().display_doc_title(true);
        root.finish();
        pdf.pages(pages).kids([page]).count(1);
        let mut sheet = pdf.page(page);
        sheet.parent(pages).media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).contents(content);
        let faces = [(&self.regular, Ref::new(10)), (&self.bold, Ref::new(20))];
        let mut resources = sheet.resources();
        let mut fonts = resources.fonts();
        for (face, id) in faces {
            fonts.pair(Name(face.name()), id);
        }
        fonts.finish();
        resources.finish();
        sheet.finish();
        for (face, id) in faces {
            face.embed(&mut pdf, id);
        }
        let drawn = packed(&self.content.finish());
        pdf.stream(content, &drawn).filter(pdf_writer::Filter::FlateDecode);
        let short = |number: u32| u8::try_from(number).unwrap_or_default();
        let date = Date::new(u16::try_from(at.year()).unwrap_or_default())
            .month(short(at.month()))
            .day(short(at.day()))
            .hour(short(at.hour()))
            .minute(short(at.minute()))
            .second(short(at.second()))
            .utc_offset_hour(0)
            .utc_offset_minute(0);
        let mut about = pdf.document_info(info);
        about.title(TextStr(title)).creator(TextStr("Firebreak")).creation_date(date);
        about.finish();
        pdf.finish()
    }

    fn through(&mut self, points: &[(f32, f32)]) {
        for (at, (x, y)) in points.iter().enumerate() {
            match at {
                0 => self.content.move_to(*x, HEIGHT - y),
                _ => self.content.line_to(*x, HEIGHT - y),
            };
        }
    }

    fn face(&self, weight: Weight) -> &Typeface {
        match weight {
            Weight::Regular => &self.regular,
            Weight::Bold => &self.bold,
        }
    }

    /// Sets characters that are shown as they are.
    fn set(&mut self, line: &str, (x, y): (f32, f32), place: Place, style: Style) {
        let wide = self.face(style.weight).width(line) * style.size;
        let left = match place {
            Place::After => x,
            Place::Before => x - wide,
            Place::Around => x - wide / 2.0,
        };
        let face = match style.weight {
            Weight::Regular => &mut self.regular,
            Weight::Bold => &mut self.bold,
        };
        let glyphs = face.glyphs(line);
        let name = face.name();
        let [red, green, blue] = style.ink.parts();
        self.content.begin_text();
        self.content.set_fill_rgb(red, green, blue).set_font(Name(name), style.size);
        self.content.next_line(left, HEIGHT - y).show(Str(&glyphs));
        self.content.end_text();
    }

    /// How the path that follows looks; PDF wants that said before the path begins.
    fn begin(&mut self, look: Look) {
        self.content.save_state();
        if let Some(fill) = look.fill {
            let [red, green, blue] = fill.parts();
            self.content.set_fill_rgb(red, green, blue);
        }
        if let Some((ink, width)) = look.line {
            let [red, green, blue] = ink.parts();
            self.content.set_stroke_rgb(red, green, blue).set_line_width(width);
        }
        if let Some(dash) = look.dash {
            self.content.set_dash_pattern([dash, dash], 0.0);
        }
    }

    fn end(&mut self, look: Look) {
        match (look.fill, look.line) {
            (Some(_), Some(_)) => self.content.fill_nonzero_and_stroke(),
            (Some(_), None) => self.content.fill_nonzero(),
            (None, Some(_)) => self.content.stroke(),
            (None, None) => self.content.end_path(),
        };
        self.content.restore_state();
    }

    /// As much as fits, with an ellipsis where something is missing.
    fn fitting(&self, line: String, style: Style, most: f32) -> String {
        let face = self.face(style.weight);
        if face.width(&line) * style.size <= most {
            return line;
        }
        let mut room = most / style.size - face.width("…");
        let fits = |c: &char| {
            room -= face.width(c.encode_utf8(&mut [0; 4]));
            room >= 0.0
        };
        let kept: String = line.chars().take_while(fits).collect();
        match kept.trim_end() {
            "" => String::new(),
            kept => format!("{kept}…"),
        }
    }

    fn broken(&self, said: &str, style: Style, most: f32, lines: usize) -> Vec<String> {
        let fits = |line: &str| self.face(style.weight).width(line) * style.size <= most;
        let mut broken: Vec<String> = Vec::new();
        let mut words = said.split(' ').filter(|word| !word.is_empty()).peekable();
        while broken.len() + 1 < lines {
            let mut line = String::new();
            while let Some(word) = words.peek() {
                let longer =
                    if line.is_empty() { (*word).to_owned() } else { format!("{line} {word}") };
                if !line.is_empty() && !fits(&longer) {
                    break;
                }
                line = longer;
                words.next();
            }
            if line.is_empty() {
                return broken;
            }
            broken.push(self.fitting(line, style, most));
        }
        let rest = words.collect::<Vec<_>>().join(" ");
        if !rest.is_empty() {
            broken.push(self.fitting(rest, style, most));
        }
        broken
    }
}

/// Text of strangers on one line, with what can't be seen as its code point.
fn shown(said: &str) -> String {
    let capped: String = said.chars().take(CAP).collect();
    let words = markdown::visible(&capped).replace('⟨', "‹").replace('⟩', "›");
    words.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn packed(bytes: &[u8]) -> Vec<u8> {
    miniz_oxide::deflate::compress_to_vec_zlib(bytes, 9)
}
