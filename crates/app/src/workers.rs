//! The workers: background work, as use cases that any number of nodes run side by side.
//!
//! # Adding a worker
//! Write its use case, which does a bounded piece of work and says in a [`Turn`] what it did, and add a line to the list
//! below. The binary drives it from there. It must be right however many nodes run it at once: look for what is due,
//! decide, commit with the versions that were read. The lease only saves nodes from doing the same work twice.

use crate::{App, AppError, context::UseCaseContext};
use domain::Timestamp;
use ports::{ErrorChain, Leases};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use uuid::Uuid;

/// What a worker did in one turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Turn {
    /// How many items it did.
    pub done: u64,
    /// How long after its time the latest of them was done; zero where nothing has a time.
    pub lag: Duration,
    /// Whether more is to be done at once.
    pub more: bool,
}

/// How often a worker looks for work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PollInterval {
    /// Soon: callers wait for the work.
    Soon,
    /// Seldom: no caller waits for the work.
    Seldom,
}

/// Makes the enum and what each worker does from one list.
macro_rules! workers {
    ($($(#[$doc:meta])* $kind:ident, $name:literal, $interval:ident, |$app:ident| $turn:expr;)*) => {
        /// A kind of work. Its name is in leases, logs and metrics.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Worker {$($(#[$doc])* $kind),*}

        impl Worker {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];

            /// Its name.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$kind => $name),* }
            }

            /// How often it looks for work.
            pub const fn poll_interval(self) -> PollInterval {
                match self { $(Self::$kind => PollInterval::$interval),* }
            }

            async fn run(self, app: &App) -> Result<Turn, AppError> {
                match self { $(Self::$kind => { let $app = app; $turn.await })* }
            }
        }
    };
}

workers! {
    /// Approves commissions whose hold is over.
    Mature, "mature_commissions", Soon, |app| app.maturing.turn();
    /// Sends reminders to creators of groups, and closes groups whose time is over.
    CloseGroups, "close_groups", Soon, |app| app.groups.turn();
    /// Sends e-mails.
    SendMails, "send_mails", Soon, |app| app.mails.turn();
    /// Makes cashback available once its hold is over.
    ReleaseCashback, "release_cashback", Soon, |app| app.orders.turn();
    /// Continues resets of test merchants whose node died.
    FinishResets, "finish_resets", Soon, |app| app.test_mode.finish_resets();
    /// Promotes affiliates to the tiers that they have reached.
    PromoteTiers, "promote_tiers", Soon, |app| app.tiers.turn();
    /// Dissolves payouts whose node died before they were sealed.
    DissolvePayouts, "dissolve_payouts", Seldom, |app| app.payouts.turn();
    /// Deletes stored responses that have expired.
    ForgetReplies, "forget_replies", Seldom, |app| app.upkeep.turn();
    /// Deletes e-mails that were written long ago.
    ForgetMails, "forget_mails", Seldom, |app| app.mails.forget();
}

/// A turn over items that are due, one by one. An item that cannot be done, or fails, does not hold up the others: it
/// is skipped until the next turn.
#[derive(Debug, Default)]
pub(crate) struct OneByOne {
    turn: Turn,
    passed_over: u32,
    failures: u32,
}

impl OneByOne {
    /// How much one scan returns.
    pub(crate) const SCANNED: u32 = 100;
    /// How many things one turn does; the rest is the next turn's, at once.
    const MOST_DONE: u64 = 500;
    /// After so many failures it is the storage that is in trouble, and the turn ends.
    const MOST_FAILURES: u32 = 10;

    /// How many due things the next scan leaves out.
    pub(crate) const fn passed_over(&self) -> u32 {
        self.passed_over
    }

    /// Counts one: how late it came, or `None` if it cannot be done now.
    pub(crate) fn count(&mut self, what: &str, outcome: Result<Option<Duration>, AppError>) -> Result<(), AppError> {
        match outcome {
            Ok(Some(lag)) => {
                self.turn.done += 1;
                self.turn.lag = self.turn.lag.max(lag);
            }
            Ok(None) => self.passed_over += 1,
            Err(error) => {
                tracing::error!(error = %ErrorChain(&error), "{what} is due and cannot be done");
                (self.passed_over, self.failures) = (self.passed_over + 1, self.failures + 1);
                if self.failures >= Self::MOST_FAILURES {
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    /// What the turn came to, where it ends before its work does.
    pub(crate) const fn so_far(&self) -> Turn {
        self.turn
    }

    /// What the turn came to, if it is over: nothing more was found, or it did enough.
    pub(crate) fn over(&self, found: usize) -> Option<Turn> {
        let enough = self.turn.done >= Self::MOST_DONE;
        (found == 0 || enough).then_some(Turn { more: found > 0, ..self.turn })
    }
}

/// How long a node holds the lease of a worker. A killed node's work continues on another one within this and
/// [`ASK_AGAIN`] (docs/operations.md).
const LEASE: Duration = Duration::from_secs(15);
/// How much of a lease must be left to go on without prolonging it.
const ENOUGH: Duration = Duration::from_secs(10);
/// How long a node that was refused waits before it asks again.
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// The leases of this node. Real time throughout.
pub(crate) struct Shifts {
    context: Arc<UseCaseContext>,
    leases: Arc<dyn Leases>,
    holder: Uuid,
    standing: Mutex<HashMap<Worker, WorkerState>>,
}

#[derive(Debug, Clone, Copy)]
enum WorkerState {
    /// This node has the lease until then.
    Ours(Timestamp),
    /// Another had it then.
    Elsewhere(Timestamp),
}

impl Shifts {
    pub(crate) fn new(context: Arc<UseCaseContext>, leases: Arc<dyn Leases>) -> Self {
        let holder = context.ids.uuid();
        Self { context, leases, holder, standing: Mutex::default() }
    }

    /// Whether this node holds the lease now, taking it if possible.
    async fn has(&self, worker: Worker) -> Result<bool, AppError> {
        let now = self.context.now();
        match self.standing(worker) {
            // If the clock was set back, the lease looks longer than possible: then it is taken again.
            Some(WorkerState::Ours(until)) if (ENOUGH..=LEASE).contains(&until.since(now)) => return Ok(true),
            Some(WorkerState::Elsewhere(asked)) if asked <= now && now.since(asked) < ASK_AGAIN => return Ok(false),
            _ => {}
        }
        let until = now.plus(LEASE);
        let taken = self.leases.take_lease(worker.name(), self.holder, now, until).await?;
        let standing = if taken { WorkerState::Ours(until) } else { WorkerState::Elsewhere(now) };
        self.all().insert(worker, standing);
        Ok(taken)
    }

    /// Releases the leases of this node.
    async fn end(&self) -> Result<(), AppError> {
        let ours: Vec<Worker> =
            self.all().drain().filter(|(_, at)| matches!(at, WorkerState::Ours(_))).map(first).collect();
        for worker in ours {
            self.leases.give_back_lease(worker.name(), self.holder).await?;
        }
        Ok(())
    }

    fn standing(&self, worker: Worker) -> Option<WorkerState> {
        self.all().get(&worker).copied()
    }

    fn all(&self) -> std::sync::MutexGuard<'_, HashMap<Worker, WorkerState>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn first<A, B>((first, _): (A, B)) -> A {
    first
}

impl App {
    /// Does a bounded piece of a kind of work; `None` if that is another node's to do.
    pub async fn turn(&self, worker: Worker) -> Result<Option<Turn>, AppError> {
        if self.shifts.has(worker).await? { self.work(worker).await.map(Some) } else { Ok(None) }
    }

    /// Does the same without regard to the lease.
    pub async fn work(&self, worker: Worker) -> Result<Turn, AppError> {
        worker.run(self).await
    }

    /// Leaves the work to other nodes. Called when no turn is under way any more.
    pub async fn end_shifts(&self) -> Result<(), AppError> {
        self.shifts.end().await
    }
}
