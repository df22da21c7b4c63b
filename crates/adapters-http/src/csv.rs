//! CSV as RFC 4180 has it, made safe for spreadsheets.

/// A record to write. What a spreadsheet would take for a formula gets an apostrophe in front, and lines end in CRLF.
pub(crate) fn record(cells: &[&str], out: &mut String) {
    for (at, cell) in cells.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        let guard = if is_formula(cell) { "'" } else { "" };
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

/// Reads the records of a text. Lines may end in CRLF or LF; empty lines are skipped. Each record comes with its
/// number, from 1; the error is the number of the record whose quotes are wrong.
pub(crate) fn records(text: &str) -> Result<Vec<(usize, Vec<String>)>, usize> {
    let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut records = Vec::new();
    for number in 1.. {
        if rest.is_empty() {
            break;
        }
        let mut cells = Vec::new();
        loop {
            let (cell, after) = cell(rest).ok_or(number)?;
            cells.push(cell);
            if let Some(next) = after.strip_prefix(',') {
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

/// The first cell, and what follows it: nothing, a comma or the end of the line.
fn cell(text: &str) -> Option<(String, &str)> {
    let Some(mut rest) = text.strip_prefix('"') else {
        let end = text.find([',', '\n']).unwrap_or(text.len());
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
                let ends = after.is_empty() || after.starts_with([',', '\n']) || after.starts_with("\r\n");
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
        record(cells, &mut out);
        out
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
