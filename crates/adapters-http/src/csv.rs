//! CSV as RFC 4180 has it, made safe for spreadsheets.

/// What is written into a cell.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Cell<'a> {
    /// A text of somebody's own choosing: one that a spreadsheet would take for a formula gets an apostrophe in front.
    Guarded(&'a str),
    /// What the reader of the file uses as it is, as whom to pay and how much: an apostrophe would pay somebody else.
    Exact(&'a str),
}

/// A record to write, whose line ends in CRLF.
pub(crate) fn record(cells: &[Cell<'_>], out: &mut String) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let (cell, guard) = match cell {
            Cell::Guarded(text) => (text, if is_formula(text) { "'" } else { "" }),
            Cell::Exact(text) => (text, ""),
        };
        if cell.contains(['"', ',', '\r', '\n']) {
            out.push('"');
            out.push_str(guard);
            out.push_str(&cell.replace('"', "\"\""));
            out.push('"');
        } else {
            out.push_str(guard);
            out.push_str(cell);
        }
    }
    out.push_str("\r\n");
}

/// Whether a spreadsheet would evaluate the cell instead of showing it.
fn is_formula(cell: &str) -> bool {
    let bare = cell.trim_start_matches(|letter: char| letter.is_whitespace() || letter.is_control());
    bare.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || cell.starts_with(['\t', '\r', '\n'])
}

/// What separates the cells of a text: of comma, semicolon and tab the one that its first line has most of. Office
/// programs write semicolons where the decimal sign is a comma.
fn separator(text: &str) -> char {
    let line = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let mut quoted = false;
    let mut counts = [(',', 0_usize), (';', 0), ('\t', 0)];
    for letter in line.chars() {
        quoted ^= letter == '"';
        for (separator, count) in &mut counts {
            *count += usize::from(!quoted && letter == *separator);
        }
    }
    // Of equals `max_by_key` takes the last: the comma.
    counts.into_iter().rev().max_by_key(|(_, count)| *count).map_or(',', |(separator, _)| separator)
}

/// Reads the records of a text. Cells are separated by commas, semicolons or tabs, whichever its first line has. Lines may
/// end in CRLF or LF; empty lines are skipped. Each record comes with its
/// number, from 1; the error is the number of the record whose quotes are wrong.
pub(crate) fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, usize> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let separator = separator(rest);
    let mut records = Vec::new();
    for number in 1.. {
        if rest.is_empty() {
            break;
        }
        let mut cells = Vec::new();
        loop {
            let (cell, after) = cell(rest, separator).ok_or(number)?;
            cells.push(cell);
            if let Some(next) = after.strip_prefix(separator) {
                rest = next;
                continue;
            }
            rest = after.strip_prefix("\r\n").or_else(|| after.strip_prefix('\n')).unwrap_or(after);
            break;
        }
        if cells.iter().any(|cell| !cell.is_empty()) {
            records.push((number, cells));
        }
    }
    Ok(records)
}

/// The first cell, and what follows it: nothing, a separator or the end of the line.
fn cell(text: &str, separator: char) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([separator, '\n']).unwrap_or(text.len());
        let (cell, _) = text.split_at_checked(end)?;
        let cell = if text.get(end..).is_some_and(|after| after.starts_with('\n')) {
            cell.strip_suffix('\r').unwrap_or(cell)
        } else {
            cell
        };
        return (!cell.contains('"')).then(|| (cell.to_owned(), text.get(cell.len()..).unwrap_or_default()));
    };
    let mut cell = String::new();
    loop {
        let (part, after) = rest.split_once('"')?;
        cell.push_str(part);
        match after.strip_prefix('"') {
            Some(more) => {
                cell.push('"');
                rest = more;
            }
            None => {
                let ends = after.is_empty() || after.starts_with([separator, '\n']) || after.starts_with("\r\n");
                return ends.then_some((cell, after));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn written(cells: &[&str]) -> String {
        let mut out = String::new();
        record(&cells.iter().copied().map(Cell::Guarded).collect::<Vec<_>>(), &mut out);
        out
    }

    #[test]
    fn what_is_used_as_it_is_stays_as_it_is() {
        let mut out = String::new();
        record(&[Cell::Exact("+1@example.com"), Cell::Exact("-1,5"), Cell::Guarded("+1")], &mut out);
        assert_eq!(out, "+1@example.com,\"-1,5\",'+1\r\n");
    }

    #[test]
    fn cells_are_separated_as_the_first_line_says() {
        let read = |text| records(text).unwrap().into_iter().map(|(_, cells)| cells).collect::<Vec<_>>();
        assert_eq!(read("a;b\r\n1,5;\"x;y\"\r\n"), [["a", "b"], ["1,5", "x;y"]]);
        assert_eq!(read("a\tb\n1\t2;3\n"), [["a", "b"], ["1", "2;3"]]);
        assert_eq!(read("\"a;b;c\",d\n1,2"), [["a;b;c", "d"], ["1", "2"]]);
        assert_eq!(read("a\nb;c"), [["a"], ["b;c"]]);
    }

    #[test]
    fn quotes_stand_where_they_must() {
        assert_eq!(written(&["a", "b,c", "d \"e\"", "f\ng", ""]), "a,\"b,c\",\"d \"\"e\"\"\",\"f\ng\",\r\n");
    }

    #[test]
    fn nothing_is_taken_for_a_formula() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1"] {
            let text = written(&[bad]);
            assert!(text.starts_with('\'') || text.starts_with("\"'"), "{text}");
        }
        assert_eq!(written(&["a=1", "12.50"]), "a=1,12.50\r\n");
    }

    #[test]
    fn texts_are_read() {
        let read = |text| records(text).map(|all| all.into_iter().map(|(_, cells)| cells).collect::<Vec<_>>());
        assert_eq!(read("\u{feff}a,b\r\n\r\n1,\"2,\"\"3\"\"\n\"").unwrap(), [vec!["a", "b"], vec!["1", "2,\"3\"\n"]]);
        assert_eq!(read("a\nb").unwrap(), [["a"], ["b"]]);
        assert_eq!(records("a\n\"b\n").unwrap_err(), 2);
        assert!(records("a\"b").is_err() && records("\"a\"b").is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(cells in prop::collection::vec("[a-z0-9 ,\"\r\n.]{1,8}", 1..6)) {
            let cells: Vec<String> = cells.into_iter().map(|cell| format!("x{cell}")).collect();
            let text = written(&cells.iter().map(String::as_str).collect::<Vec<_>>());
            prop_assert_eq!(records(&text).unwrap(), vec![(1, cells)]);
        }

        #[test]
        fn no_text_is_read_for_ever(text in "[a,\"\r\n]{0,40}") {
            let _ = records(&text);
        }
    }
}
