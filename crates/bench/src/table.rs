//! Markdown tables.

/// Rows of text under a head.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn new(head: &[&str]) -> Self {
        Self { rows: vec![head.iter().map(|&cell| cell.to_owned()).collect()] }
    }

    pub(crate) fn row(&mut self, cells: Vec<String>) {
        self.rows.push(cells);
    }

    /// The table in Markdown, with its columns aligned for those who read the source.
    pub(crate) fn markdown(&self) -> String {
        let columns = self.rows.iter().map(Vec::len).max().unwrap_or(0);
        let cell = |row: &[String], column: usize| row.get(column).cloned().unwrap_or_default();
        let width = |column| self.rows.iter().map(|row| cell(row, column).chars().count()).max().unwrap_or(0);
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut text = String::new();
        for (index, row) in self.rows.iter().enumerate() {
            let cells = widths.iter().enumerate().map(|(column, width)| format!(" {:<width$} |", cell(row, column)));
            text.push_str(&format!("|{}\n", cells.collect::<String>()));
            if index == 0 {
                let rules = widths.iter().map(|width| format!("{}|", "-".repeat(width + 2)));
                text.push_str(&format!("|{}\n", rules.collect::<String>()));
            }
        }
        text
    }
}

/// A figure, not negative, with as many digits as it deserves: 1,234,567 · 12.3 · 0.456; a dash for what is not known.
pub(crate) fn figure(value: f64) -> String {
    if value.is_nan() {
        return "–".to_owned();
    }
    let decimals = match value {
        large if large >= 100.0 => 0,
        middling if middling >= 10.0 => 1,
        _ => 2,
    };
    let text = format!("{value:.decimals$}");
    let (whole, rest) = text.split_at(text.find('.').unwrap_or(text.len()));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned() {
        let mut table = Table::new(&["work", "a second"]);
        table.row(vec!["events".into(), "1,000".into()]);
        assert_eq!(table.markdown(), "| work   | a second |\n|--------|----------|\n| events | 1,000    |\n");
    }

    #[test]
    fn figures_are_short() {
        let shown: Vec<String> = [1_234_567.8, 999.4, 12.34, 0.456, f64::NAN].map(figure).into();
        assert_eq!(shown, ["1,234,568", "999", "12.3", "0.46", "–"]);
    }
}
