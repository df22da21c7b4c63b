//! Slow clients, on streams in memory. The spans are real time, so the tests assert what happens and not how soon.

use super::*;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex},
    time::sleep,
};

const SHORT: Duration = Duration::from_millis(50);
/// Longer than any test.
const LONG: Duration = Duration::from_secs(3_600);

fn pair(patience: Patience) -> (Watched<DuplexStream>, DuplexStream) {
    let (ours, theirs) = duplex(1_024);
    (Watched::new(ours, patience), theirs)
}

fn patient() -> Patience {
    Patience { head: LONG, idle: LONG, taking: LONG }
}

async fn next(stream: &mut Watched<DuplexStream>) -> Result<u8, io::ErrorKind> {
    stream.read_u8().await.map_err(|error| error.kind())
}

/// Sends a byte now and then, for ever.
fn drip(mut stream: DuplexStream) {
    tokio::spawn(async move {
        while stream.write_all(b"x").await.is_ok() {
            sleep(SHORT / 5).await;
        }
    });
}

#[tokio::test]
async fn a_head_that_drips_ends() {
    let (mut ours, theirs) = pair(Patience { head: SHORT, ..patient() });
    let began = now();
    drip(theirs);
    while next(&mut ours).await != Err(io::ErrorKind::TimedOut) {}
    assert!(began.elapsed() >= SHORT, "not before its time");
}

#[tokio::test]
async fn so_does_one_after_an_answer() {
    let (mut ours, theirs) = pair(Patience { head: SHORT, ..patient() });
    let watch = Rc::clone(&ours.watch);
    drop(watch.request());
    drip(theirs);
    while next(&mut ours).await != Err(io::ErrorKind::TimedOut) {}
    assert_eq!(watch.deadline().map(|deadline| deadline <= now()), Some(true));
}

#[tokio::test]
async fn while_a_request_is_under_way_nobody_is_slow() {
    let (mut ours, theirs) = pair(Patience { head: SHORT, idle: SHORT, ..patient() });
    let (_, under_way) = ours.watch.request();
    drip(theirs);
    for _ in 0..10 {
        assert_eq!(next(&mut ours).await, Ok(b'x'));
    }
    assert_eq!(ours.watch.deadline(), None);
    drop(under_way);
    assert!(ours.watch.deadline().is_some());
}

#[tokio::test]
async fn silence_after_an_answer_ends_even_if_nobody_reads() {
    let (mut ours, _theirs) = pair(Patience { idle: Duration::ZERO, ..patient() });
    drop(ours.watch.request());
    // The alarm is set where the answer was flushed.
    ours.flush().await.unwrap();
    assert_eq!(next(&mut ours).await, Err(io::ErrorKind::TimedOut));
}

#[tokio::test]
async fn the_small_change_of_http_2_is_no_head() {
    let (mut ours, theirs) = pair(Patience { head: Duration::ZERO, ..patient() });
    ours.watch.is_multiplexed();
    drop(ours.watch.request());
    drip(theirs);
    for _ in 0..10 {
        assert_eq!(next(&mut ours).await, Ok(b'x'));
    }
}

#[tokio::test]
async fn a_request_began_with_its_first_byte() {
    let (mut ours, mut theirs) = pair(patient());
    theirs.write_all(b"xx").await.unwrap();
    next(&mut ours).await.unwrap();
    let heard = now();
    sleep(SHORT).await;
    let (began, under_way) = ours.watch.request();
    assert!(began <= heard);
    drop(under_way);
    assert!(ours.watch.request().0 > heard, "the next one was read with it");
}

#[tokio::test]
async fn an_answer_that_is_not_taken_ends() {
    let (mut ours, mut theirs) = pair(Patience { taking: SHORT, ..patient() });
    let refused = ours.write_all(&vec![b'x'; 1_000_000]).await.unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::TimedOut);
    assert_eq!(theirs.read_u8().await.unwrap(), b'x', "what was taken is there");
}

#[tokio::test]
async fn whoever_takes_a_fair_share_in_time_may_go_on() {
    let (mut ours, _theirs) = pair(patient());
    let context = &mut Context::from_waker(std::task::Waker::noop());
    let mut write = |written| {
        let _ = ours.stall.judge(written, context);
        ours.stall.until.is_some()
    };
    assert!(write(Poll::Pending));
    assert!(write(Poll::Ready(Ok(FAIR_SHARE - 1))), "not yet");
    assert!(!write(Poll::Ready(Ok(1))), "now");
    assert!(write(Poll::Pending) && write(Poll::Ready(Ok(FAIR_SHARE - 1))), "anew");
}
