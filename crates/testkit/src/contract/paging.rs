//! Walking a list in every way in which it can be walked.

use domain::Timestamp;
use ports::{Counted, ListRequest, Page, PageRequest, Position, Search, SortBy};
use uuid::Uuid;

/// A page from the newest on.
pub(crate) fn newest(limit: u32) -> PageRequest {
    PageRequest { after: None, offset: 0, limit }
}

/// The position of a row.
pub(crate) fn position(at: Timestamp, id: Uuid) -> Position {
    Position { at, id }
}

/// The positions in the order of a list: newest first, then by id downwards.
pub(crate) fn in_list_order(mut rows: Vec<Position>) -> Vec<Position> {
    rows.sort();
    rows.reverse();
    rows
}

/// Asks for `rows` (in any order) as one page, by cursor and by offset with several limits, and beside the ends.
/// Every way must give the same rows in the same order, and say rightly whether more follow.
pub(crate) async fn walk(rows: &[Position], list: impl AsyncFn(PageRequest) -> Page<Position>) {
    let expected = in_list_order(rows.to_vec());
    let whole = list(newest(100)).await;
    assert_eq!((&whole.rows, whole.more), (&expected, false), "one page");
    for limit in [1_usize, 2, 3, 7, expected.len().max(1)] {
        by_cursor(&expected, limit, &list).await;
        by_offset(&expected, limit, &list).await;
    }
    beside_rows(&expected, &list).await;
}

async fn by_cursor(expected: &[Position], limit: usize, list: &impl AsyncFn(PageRequest) -> Page<Position>) {
    let mut seen: Vec<Position> = Vec::new();
    loop {
        let request = PageRequest { after: seen.last().copied(), ..newest(u32::try_from(limit).unwrap()) };
        let page = list(request).await;
        let rest = &expected[seen.len()..];
        assert_eq!(page.rows, rest[..limit.min(rest.len())], "after {:?}, limit {limit}", request.after);
        assert_eq!(page.more, rest.len() > limit, "more after {:?}, limit {limit}", request.after);
        seen.extend(&page.rows);
        if !page.more {
            break;
        }
    }
    assert_eq!(seen, expected);
}

async fn by_offset(expected: &[Position], limit: usize, list: &impl AsyncFn(PageRequest) -> Page<Position>) {
    for offset in 0..expected.len() + 2 {
        let request = PageRequest { offset: u32::try_from(offset).unwrap(), ..newest(u32::try_from(limit).unwrap()) };
        let page = list(request).await;
        let rest = expected.get(offset..).unwrap_or_default();
        assert_eq!(page.rows, rest[..limit.min(rest.len())], "offset {offset}, limit {limit}");
        assert_eq!(page.more, rest.len() > limit, "more at offset {offset}, limit {limit}");
    }
}

/// A cursor names a position, not a row: the row may have been deleted.
async fn beside_rows(expected: &[Position], list: &impl AsyncFn(PageRequest) -> Page<Position>) {
    for after in [
        position(Timestamp::MAX, Uuid::max()),
        position(Timestamp::MIN, Uuid::nil()),
        position(expected.get(expected.len() / 2).map_or(Timestamp::MIN, |row| row.at), Uuid::max()),
        position(expected.get(expected.len() / 2).map_or(Timestamp::MIN, |row| row.at), Uuid::nil()),
    ] {
        let page = list(PageRequest { after: Some(after), ..newest(100) }).await;
        let rest: Vec<Position> = expected.iter().copied().filter(|&row| row < after).collect();
        assert_eq!((page.rows, page.more), (rest, false), "after {after:?}");
    }
}

/// A search for a text.
pub(crate) fn text<T>(text: &str) -> Search<T> {
    Search::Text(text.to_owned())
}

/// A row of such a list: when it was made, when it was changed, its id.
pub(crate) type Dated = (Timestamp, Timestamp, Uuid);

/// Asks for `rows` (in any order) in every order and part. Every way must give the same rows, and how many there are.
pub(crate) async fn take_and_skip<T: Clone>(
    rows: &[Dated],
    orders: &[SortBy],
    search: Option<Search<T>>,
    list: impl AsyncFn(ListRequest<T>) -> Counted<Dated>,
) {
    for &by in orders {
        for descending in [true, false] {
            let mut expected = rows.to_vec();
            expected.sort_by_key(|&(made, changed, id)| (if by == SortBy::CreatedAt { made } else { changed }, id));
            if descending {
                expected.reverse();
            }
            for take in [1_usize, 2, 3, 26, 100] {
                for skip in 0..expected.len() + 2 {
                    let search = search.clone();
                    let (take_asked, skip_asked) = (u32::try_from(take).unwrap(), u32::try_from(skip).unwrap());
                    let part = list(ListRequest { search, by, descending, skip: skip_asked, take: take_asked }).await;
                    let rest = expected.get(skip..).unwrap_or_default();
                    assert_eq!(part.rows, rest[..take.min(rest.len())], "{by:?} {descending} {skip} {take}");
                    assert_eq!(part.count, u64::try_from(expected.len()).unwrap());
                }
            }
        }
    }
}
