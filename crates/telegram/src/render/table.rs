//! Tables as monospace text: Telegram's entities know none.

use pulldown_cmark::Alignment;

/// A table while its cells come in.
#[derive(Debug, Default)]
pub struct Table {
    alignments: Vec<Alignment>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub fn new(alignments: Vec<Alignment>) -> Self {
        Self { alignments, rows: Vec::new() }
    }

    pub fn start_row(&mut self) {
        self.rows.push(Vec::new());
    }

    pub fn start_cell(&mut self) {
        if let Some(row) = self.rows.last_mut() {
            row.push(String::new());
        }
    }

    pub fn push(&mut self, text: &str) {
        if let Some(cell) = self.rows.last_mut().and_then(|row| row.last_mut()) {
            cell.extend(text.chars().map(|c| if c == '\n' { ' ' } else { c }));
        }
    }

    /// The rows below each other, a rule below the head.
    pub fn lay_out(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let width = |row: &Vec<String>, column: usize| row.get(column).map_or(0, |cell| cell.chars().count());
        let widest = |column| self.rows.iter().map(|row| width(row, column)).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(widest).collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            if index == 1 {
                let rule: Vec<_> = widths.iter().map(|&width| "─".repeat(width)).collect();
                text.push_str(&rule.join("─┼─"));
                text.push('\n');
            }
            let cells: Vec<_> =
                row.iter().enumerate().map(|(column, cell)| self.pad(column, cell, widths[column])).collect();
            text.push_str(cells.join(" │ ").trim_end());
            text.push('\n');
        }
        text.truncate(text.trim_end().len());
        text
    }

    fn pad(&self, column: usize, cell: &str, width: usize) -> String {
        match self.alignments.get(column) {
            Some(Alignment::Right) => format!("{cell:>width$}"),
            Some(Alignment::Center) => format!("{cell:^width$}"),
            _ => format!("{cell:<width$}"),
        }
    }
}
