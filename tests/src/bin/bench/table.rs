use std::io::Write;

/// Rows of what, how much, of what size.
#[derive(Default)]
pub struct Table(Vec<[String; 3]>);

impl Table {
    pub fn row(
        &mut self,
        what: impl Into<String>,
        value: impl Into<String>,
        of: impl Into<String>,
    ) {
        self.0.push([what.into(), value.into(), of.into()]);
    }

    pub fn print(&self) {
        let mut out = std::io::stdout().lock();
        let width =
            |column: usize| self.0.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
        let (first, second) = (width(0), width(1));
        for [what, value, of] in &self.0 {
            let _gone = writeln!(out, "| {what:<first$} | {value:<second$} | {of} |");
        }
    }
}
