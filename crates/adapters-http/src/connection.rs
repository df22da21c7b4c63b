//! One connection as its client treats it: how long it may keep us waiting, for its requests and for taking our answers.
//!
//! The HTTP library times the first head on a connection, and the call times a body. All else is timed here, at the stream
//! itself: heads after the first, what is sent after an answer that did not wait for it, and answers that are not taken.

use std::{
    cell::Cell,
    io::{self, IoSlice},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    time::{Instant, Sleep, sleep_until},
};
use tokio_rustls::server::TlsStream;

/// How much of an answer must be taken in [`Patience::taking`] by a client that does not take all of it.
const FAIR_SHARE: usize = 64 * 1024;
/// What the HTTP library times itself it ends with an answer, or in good order: there we come after it.
const GRACE: Duration = Duration::from_secs(1);

/// How long a client may keep us waiting.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Patience {
    /// From the first byte of a head to its last.
    pub(crate) head: Duration,
    /// From the end of one request to the first byte of the next.
    pub(crate) idle: Duration,
    /// From the moment in which the network takes no more of an answer until it has taken all, or a fair share.
    pub(crate) taking: Duration,
}

/// What is known of a connection to its stream and to the requests that come by it. Lives with its worker thread.
#[derive(Debug)]
pub(crate) struct Watch {
    patience: Patience,
    /// Requests under way; they have deadlines of their own.
    under_way: Cell<usize>,
    /// When something must have come, while no request is under way.
    deadline: Cell<Instant>,
    /// When the first byte of the next request came.
    began: Cell<Option<Instant>>,
    /// Whether what comes need not be a request, but may be the small change of HTTP/2.
    multiplexed: Cell<bool>,
}

impl Watch {
    /// Of a connection that has just been taken.
    fn new(patience: Patience) -> Self {
        let deadline = Cell::new(now() + patience.head + GRACE);
        let (under_way, began, multiplexed) = (Cell::new(0), Cell::new(None), Cell::new(false));
        Self { patience, under_way, deadline, began, multiplexed }
    }

    /// It speaks HTTP/2.
    pub(crate) fn is_multiplexed(&self) {
        self.multiplexed.set(true);
    }

    /// Something has come.
    fn heard(&self) {
        if self.under_way.get() == 0 && !self.multiplexed.get() && self.began.get().is_none() {
            self.began.set(Some(now()));
            self.deadline.set(self.deadline.get().min(now() + self.patience.head));
        }
    }

    /// The head of a request is there: when its first byte came, and the sign that it is under way.
    pub(crate) fn request(self: &Rc<Self>) -> (Instant, UnderWay) {
        self.under_way.set(self.under_way.get() + 1);
        (self.began.take().unwrap_or_else(now), UnderWay(Rc::clone(self)))
    }

    /// When the client must have sent something; `None` while the server is expected to send.
    fn deadline(&self) -> Option<Instant> {
        (self.under_way.get() == 0).then(|| self.deadline.get())
    }
}

/// A request is under way until this is dropped.
#[derive(Debug)]
pub(crate) struct UnderWay(Rc<Watch>);

impl Drop for UnderWay {
    fn drop(&mut self) {
        let Self(watch) = self;
        watch.under_way.set(watch.under_way.get().saturating_sub(1));
        watch.deadline.set(now() + watch.patience.idle + GRACE);
    }
}

/// A stream that is not waited for longer than is fair.
#[derive(Debug)]
pub(crate) struct Watched<S> {
    stream: S,
    watch: Rc<Watch>,
    silence: Alarm,
    stall: Stall,
}

impl<S> Watched<S> {
    /// A stream that has just been opened.
    pub(crate) fn new(stream: S, patience: Patience) -> Self {
        let stall = Stall { within: patience.taking, until: None, taken: 0, alarm: Alarm::default() };
        Self { stream, watch: Rc::new(Watch::new(patience)), silence: Alarm::default(), stall }
    }

    /// Fails once the client was silent for too long; until then sees to it that the task is woken.
    fn listen(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        match self.watch.deadline() {
            Some(deadline) if self.silence.rings(deadline, context) => Err(too_slow()),
            _ => Ok(()),
        }
    }
}

/// A stream with a watch on it, encrypted or not.
pub(crate) trait IsWatched {
    /// The watch.
    fn watch(&self) -> Rc<Watch>;
}

impl IsWatched for Watched<TcpStream> {
    fn watch(&self) -> Rc<Watch> {
        Rc::clone(&self.watch)
    }
}

impl IsWatched for TlsStream<Watched<TcpStream>> {
    fn watch(&self) -> Rc<Watch> {
        self.get_ref().0.watch()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Watched<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Pending => self.listen(context).map_or_else(|slow| Poll::Ready(Err(slow)), |()| Poll::Pending),
            ready => {
                if buffer.filled().len() > before {
                    self.watch.heard();
                }
                ready
            }
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Watched<S> {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.stall.judge(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, bytes);
        self.stall.judge(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    /// Comes when all was written, and after an answer nothing else does: from here on it is the client's turn.
    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(context))?;
        self.stall.is_over();
        Poll::Ready(self.listen(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

/// Whether the network takes what we write.
#[derive(Debug)]
struct Stall {
    within: Duration,
    /// When it must be over, once it has begun.
    until: Option<Instant>,
    /// How much was taken since it began.
    taken: usize,
    alarm: Alarm,
}

impl Stall {
    /// What came of a write, or the end of our patience.
    fn judge(&mut self, written: Poll<io::Result<usize>>, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        match written {
            Poll::Pending => {
                let until = *self.until.get_or_insert_with(|| now() + self.within);
                if self.alarm.rings(until, context) { Poll::Ready(Err(too_slow())) } else { Poll::Pending }
            }
            Poll::Ready(Ok(count)) => {
                self.taken = self.taken.saturating_add(count);
                if self.taken >= FAIR_SHARE {
                    self.is_over();
                }
                written
            }
            Poll::Ready(Err(_)) => written,
        }
    }

    fn is_over(&mut self) {
        self.until = None;
        self.taken = 0;
    }
}

/// A timer that is moved as seldom as can be: deadlines mostly move away, and one that rings too early is asked again.
#[derive(Debug, Default)]
struct Alarm(Option<Pin<Box<Sleep>>>);

impl Alarm {
    /// Whether `deadline` is over. If not, the task is woken then, or before.
    fn rings(&mut self, deadline: Instant, context: &mut Context<'_>) -> bool {
        let Self(sleep) = self;
        let sleep = sleep.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        while sleep.as_mut().poll(context).is_ready() {
            if sleep.deadline() >= deadline {
                return true;
            }
            sleep.as_mut().reset(deadline);
        }
        false
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the client is too slow")
}

/// The timer's own clock: it measures spans and decides nothing else.
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests;
