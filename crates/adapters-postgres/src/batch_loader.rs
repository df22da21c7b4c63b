//! Loads that many use cases ask for at the same time, done together.
//!
//! Whoever asks while nothing is being loaded is served at once. Whoever asks while a load is under way waits for the
//! next one, which takes everybody who has come meanwhile: the busier the server, the fewer statements a request costs.
//! A load begins after all of its asks have come, so its answers are as fresh as if each had been alone.

use crate::readers::{Reader, Readers};
use ports::ReadError;
use std::sync::Arc;
use tokio::sync::{Mutex, mpsc, oneshot};

/// How many asks travel together at most.
const MOST: usize = 128;
/// How many may wait; those beyond wait for room.
const ROOM: usize = 1_024;

/// A kind of load.
pub(crate) trait Load: Sized + Send + 'static {
    /// What is answered to each.
    type Answer: Send + 'static;

    /// Answers all of them, in their order.
    fn load(reader: &Reader, asks: &[Self]) -> impl Future<Output = Result<Vec<Self::Answer>, ReadError>> + Send;
}

struct Waiting<A: Load> {
    request: A,
    answer: oneshot::Sender<Result<A::Answer, ReadError>>,
}

/// The asks of one kind. The tasks that serve them end with it.
pub(crate) struct BatchLoader<A: Load> {
    asks: mpsc::Sender<Waiting<A>>,
}

/// A load that failed, failed for everybody in it.
#[derive(Debug, Clone, thiserror::Error)]
#[error("a load that served several requests failed")]
struct Shared(#[source] Arc<ReadError>);

impl<A: Load> BatchLoader<A> {
    /// Serves asks with `loads` loads at a time, on the current runtime.
    pub(crate) fn start(readers: &Arc<Readers>, loads: usize) -> Self {
        let (asks, waiting) = mpsc::channel(ROOM);
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..loads {
            tokio::spawn(serve::<A>(Arc::clone(&waiting), Arc::clone(readers)));
        }
        Self { asks }
    }

    /// Asks, and waits for the answer. Who goes away before it comes takes nothing from the others.
    pub(crate) async fn request(&self, request: A) -> Result<A::Answer, ReadError> {
        let gone = || ReadError::Unavailable("nobody loads any more".into());
        let (answer, told) = oneshot::channel();
        self.asks.send(Waiting { request, answer }).await.map_err(|_| gone())?;
        told.await.unwrap_or_else(|_| Err(gone()))
    }
}

async fn serve<A: Load>(waiting: Arc<Mutex<mpsc::Receiver<Waiting<A>>>>, readers: Arc<Readers>) {
    let mut batch = Vec::new();
    while waiting.lock().await.recv_many(&mut batch, MOST).await > 0 {
        let present = batch.drain(..).filter(|waiting| !waiting.answer.is_closed());
        let (asks, callers): (Vec<A>, Vec<_>) = present.map(|Waiting { request, answer }| (request, answer)).unzip();
        if asks.is_empty() {
            continue;
        }
        let loaded = match readers.reader() {
            Ok(reader) => A::load(&reader, &asks).await,
            Err(error) => Err(error),
        };
        let answers = match loaded {
            Ok(answers) => answers.into_iter().map(Ok).collect(),
            Err(error) => failures(error, callers.len()),
        };
        for (caller, answer) in callers.into_iter().zip(answers) {
            // One who no longer waits has missed it.
            let _ = caller.send(answer);
        }
    }
}

fn failures<T>(error: ReadError, count: usize) -> Vec<Result<T, ReadError>> {
    let shared = Shared(Arc::new(error));
    let each = |shared: Shared| match shared.0.as_ref() {
        ReadError::Damaged(place) => ReadError::Damaged(place.clone()),
        ReadError::Unavailable(_) => ReadError::Unavailable(Box::new(shared)),
    };
    std::iter::repeat_n(shared, count).map(|shared| Err(each(shared))).collect()
}
