//! The groups of one merchant, told a second time: what people do and what time does, in minor units and microseconds.

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;

/// The engine must refuse it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused;

/// What a group promises.
#[derive(Debug, Clone)]
pub(super) struct Promise {
    /// In ten-thousandths of a percent, or in minor units.
    pub(super) is_percent: bool,
    /// How many it takes, and what it gives.
    pub(super) levels: Vec<(usize, i64)>,
    pub(super) places: usize,
    pub(super) minutes: i64,
    pub(super) least: i64,
    pub(super) hold_minutes: i64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Open,
    Completed,
    Expired,
    Canceled,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    Nothing,
    Midway,
    Day3,
    Day2,
}

#[derive(Debug, Clone)]
pub(super) struct Circle {
    pub(super) promise: Promise,
    opened: i64,
    ends: i64,
    pub(super) fate: Fate,
    pub(super) told: Told,
    lonely_since: i64,
    pub(super) people: usize,
    /// 0 before there is one.
    pub(super) level: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cashback {
    None,
    Ready,
    UnderWay,
    Sent,
}

#[derive(Debug, Clone)]
pub(super) struct Deal {
    pub(super) circle: usize,
    who: usize,
    /// Whether an affiliate brought it.
    pub(super) brought: bool,
    paid: i64,
    pub(super) back: i64,
    pub(super) gets: i64,
    pub(super) doubted: i64,
    pub(super) cashback: Cashback,
    held_until: Option<i64>,
    pub(super) counts: bool,
}

#[derive(Debug)]
pub(super) struct Books {
    pub(super) promise: Promise,
    pub(super) circles: Vec<Circle>,
    pub(super) deals: Vec<Deal>,
}

impl Promise {
    /// What somebody gets of `left` where so many came.
    fn gives(&self, level: usize, left: i64) -> i64 {
        let Some((_, value)) = level.checked_sub(1).map(|place| self.levels[place]) else { return 0 };
        if !self.is_percent {
            return left.min(value);
        }
        let (whole, rest) =
            (i128::from(left) * i128::from(value) / 1_000_000, i128::from(left) * i128::from(value) % 1_000_000);
        i64::try_from(whole + i128::from(rest >= 500_000)).unwrap()
    }

    fn level_of(&self, people: usize) -> usize {
        self.levels.iter().filter(|(needed, _)| *needed <= people).count()
    }

    /// What it gives at the most.
    fn best(&self) -> i64 {
        self.levels[self.level_of(self.places) - 1].1
    }
}

impl Circle {
    fn new(promise: &Promise, now: i64) -> Self {
        Self {
            opened: now,
            ends: now + promise.minutes * MINUTE,
            promise: promise.clone(),
            fate: Fate::Open,
            told: Told::Nothing,
            lonely_since: now,
            people: 1,
            level: 0,
        }
    }

    /// One thing that time does at `now`, if there is one.
    fn next(&mut self, now: i64) -> bool {
        if self.fate != Fate::Open {
            return false;
        }
        if now >= self.ends {
            self.fate = if self.people < 2 { Fate::Expired } else { Fate::Completed };
            self.level = if self.people < 2 { 0 } else { self.promise.level_of(self.people) };
            return true;
        }
        let word = match self.told {
            _ if self.people > 1 => None,
            Told::Nothing if self.ends - self.opened <= 7 * DAY => {
                Some((self.opened + (self.ends - self.opened) / 2, Told::Midway))
            }
            Told::Nothing if self.opened + 3 * DAY > self.lonely_since => Some((self.opened + 3 * DAY, Told::Day3)),
            Told::Nothing | Told::Day3 => {
                Some((self.ends - 2 * DAY, Told::Day2)).filter(|_| self.ends - self.opened > 7 * DAY)
            }
            Told::Midway | Told::Day2 => None,
        };
        match word {
            Some((at, told)) if at <= now && at > self.lonely_since => {
                self.told = told;
                true
            }
            _ => false,
        }
    }
}

impl Books {
    /// A new order that opens a group.
    pub(super) fn open(&mut self, now: i64, who: usize, paid: i64, brought: bool) -> Result<(), Refused> {
        if paid < self.promise.least {
            return Err(Refused);
        }
        self.circles.push(Circle::new(&self.promise, now));
        self.deal(self.circles.len() - 1, who, paid, brought);
        Ok(())
    }

    pub(super) fn join(&mut self, now: i64, at: usize, who: usize, paid: i64, brought: bool) -> Result<(), Refused> {
        let there = self.deals.iter().any(|deal| deal.circle == at && deal.who == who && deal.counts);
        let circle = &mut self.circles[at];
        let takes = circle.fate == Fate::Open && now < circle.ends && circle.people < circle.promise.places;
        if !takes || there || paid < circle.promise.least {
            return Err(Refused);
        }
        circle.people += 1;
        self.deal(at, who, paid, brought);
        Ok(())
    }

    fn deal(&mut self, circle: usize, who: usize, paid: i64, brought: bool) {
        self.deals.push(Deal {
            circle,
            who,
            brought,
            paid,
            back: 0,
            gets: 0,
            doubted: 0,
            cashback: Cashback::None,
            held_until: None,
            counts: true,
        });
    }

    pub(super) fn refund(&mut self, now: i64, at: usize, minor: Option<i64>) -> Result<(), Refused> {
        let deal = &mut self.deals[at];
        let left = deal.paid - deal.back;
        let minor = minor.unwrap_or(left);
        if left == 0 || minor > left {
            return Err(Refused);
        }
        deal.back += minor;
        let left = left - minor;
        let circle = &mut self.circles[deal.circle];
        match circle.fate {
            Fate::Open if left == 0 => {
                deal.counts = false;
                if circle.people == 2 {
                    circle.lonely_since = now;
                }
                circle.people -= 1;
            }
            Fate::Completed => {
                let due = circle.promise.gives(circle.level, left);
                match deal.cashback {
                    _ if !deal.counts => {}
                    Cashback::None | Cashback::Ready => deal.gets = due,
                    Cashback::UnderWay | Cashback::Sent => deal.doubted = deal.gets - due,
                }
            }
            Fate::Open | Fate::Expired | Fate::Canceled => {}
        }
        Ok(())
    }

    pub(super) fn cancel(&mut self, now: i64, at: usize) -> Result<(), Refused> {
        let circle = &mut self.circles[at];
        if circle.fate != Fate::Open || now >= circle.ends || circle.people > 1 {
            return Err(Refused);
        }
        circle.fate = Fate::Canceled;
        Ok(())
    }

    pub(super) fn expire(&mut self, now: i64, at: usize) -> Result<(), Refused> {
        let circle = &mut self.circles[at];
        if circle.fate != Fate::Open || now < circle.ends || circle.people > 1 {
            return Err(Refused);
        }
        circle.fate = Fate::Expired;
        Ok(())
    }

    /// The order of a group that came to nothing opens another.
    pub(super) fn reopen(&mut self, now: i64, at: usize) -> Result<(), Refused> {
        let deal = &self.deals[at];
        let (was, left) = (&self.circles[deal.circle], deal.paid - deal.back);
        let nothing = matches!(was.fate, Fate::Expired | Fate::Canceled);
        let kept = self.promise.is_percent == was.promise.is_percent && self.promise.best() <= was.promise.best();
        if !nothing || left == 0 || left < self.promise.least || (deal.brought && !kept) {
            return Err(Refused);
        }
        self.circles.push(Circle::new(&self.promise, now));
        self.deals[at].circle = self.circles.len() - 1;
        Ok(())
    }

    pub(super) fn send(&mut self, at: usize, to: Cashback) -> Result<(), Refused> {
        let deal = &mut self.deals[at];
        match (deal.cashback, to) {
            (Cashback::Ready, Cashback::UnderWay) | (Cashback::UnderWay, Cashback::Sent) => deal.cashback = to,
            _ => return Err(Refused),
        }
        Ok(())
    }

    /// All that time does to groups; how many steps that were.
    pub(super) fn close(&mut self, now: i64) -> u64 {
        let mut steps = 0;
        for at in 0..self.circles.len() {
            while self.circles[at].next(now) {
                steps += 1;
                if self.circles[at].fate == Fate::Completed {
                    self.settle(now, at);
                }
            }
        }
        steps
    }

    fn settle(&mut self, now: i64, at: usize) {
        let circle = &self.circles[at];
        for deal in self.deals.iter_mut().filter(|deal| deal.circle == at && deal.counts) {
            deal.gets = circle.promise.gives(circle.level, deal.paid - deal.back);
            match circle.promise.hold_minutes {
                0 => deal.cashback = Cashback::Ready,
                minutes => deal.held_until = Some(now + minutes * MINUTE),
            }
        }
    }

    /// What is held becomes available; how many orders that were.
    pub(super) fn release(&mut self, now: i64) -> u64 {
        let mut steps = 0;
        for deal in self.deals.iter_mut().filter(|deal| deal.held_until.is_some_and(|at| at <= now)) {
            (deal.cashback, deal.held_until) = (Cashback::Ready, None);
            steps += 1;
        }
        steps
    }
}
