//! What the money side of a merchant is, told a second time as simply as it can be: the yardstick for the engine. Knows
//! no storage, no ids and none of the domain's arithmetic.

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Pending,
    Approved,
    InPayout(usize),
    Paid(usize),
    Void,
    Review,
}

/// One row: an original, or a reversal that takes some of it back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Row {
    pub(super) basis: i64,
    pub(super) amount: i64,
    pub(super) state: State,
}

/// An original and its reversals, in the order in which they were made.
#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) person: usize,
    pub(super) level: usize,
    millionths: i64,
    pub(super) rows: Vec<Row>,
}

/// What one reward gave of a sale: the leaf's line, then its parents'.
#[derive(Debug, Clone)]
pub(super) struct Leaf {
    left: i64,
    pub(super) lines: Vec<Line>,
}

/// A sale, and what it earned.
#[derive(Debug, Clone)]
pub(super) struct Sale {
    pub(super) currency: usize,
    amount: i64,
    cap: i64,
    pub(super) left: i64,
    due: i64,
    pub(super) leaves: Vec<Leaf>,
}

/// An affiliate.
#[derive(Debug, Clone)]
pub(super) struct Person {
    pub(super) parent: Option<usize>,
    pub(super) millionths: Option<i64>,
    pub(super) approved: bool,
}

/// Where a payout stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TestApp {
    Open,
    Processing,
    Paid,
    Failed,
}

/// A payout. Its total and its people are what was frozen.
#[derive(Debug, Clone)]
pub(super) struct Payout {
    pub(super) currency: usize,
    pub(super) stage: TestApp,
    pub(super) total: i64,
    pub(super) people: usize,
}

/// The merchant asked for something that cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Refused;

/// Everything.
#[derive(Debug, Clone)]
pub(super) struct Books {
    pub(super) people: Vec<Person>,
    pub(super) sales: Vec<Sale>,
    pub(super) payouts: Vec<Payout>,
    /// In days.
    pub(super) today: i64,
    /// The merchant's own rate, and what its rule pays for special products.
    pub(super) usual: i64,
    pub(super) special: i64,
    pub(super) parents: Vec<i64>,
    /// The part of a sale that all its rows may be.
    pub(super) most: i64,
    pub(super) hold_days: i64,
    pub(super) minimum: i64,
}

const MILLION: i128 = 1_000_000;

/// `amount × over / under`, half away from zero. Amounts are not below zero here.
fn rounded(amount: i64, over: i64, under: i128) -> i64 {
    i64::try_from((2 * i128::from(amount) * i128::from(over) + under) / (2 * under)).unwrap()
}

fn rounded_down(amount: i64, over: i64, under: i128) -> i64 {
    i64::try_from(i128::from(amount) * i128::from(over) / under).unwrap()
}

/// Parts of `amount` in proportion to `weights`: whole parts first, then one more to whoever lost most, the earlier of
/// equals first.
fn shares(amount: i64, weights: &[i64]) -> Vec<i64> {
    let whole: i128 = weights.iter().map(|weight| i128::from(*weight)).sum();
    if whole == 0 {
        return vec![0; weights.len()];
    }
    let lost = |place: usize| i128::from(amount) * i128::from(weights[place]) % whole;
    let mut parts: Vec<i64> = weights.iter().map(|weight| rounded_down(amount, *weight, whole)).collect();
    let mut order: Vec<usize> = (0..weights.len()).collect();
    order.sort_by_key(|place| (std::cmp::Reverse(lost(*place)), *place));
    let missing = usize::try_from(amount - parts.iter().sum::<i64>()).unwrap();
    for place in order.into_iter().take(missing) {
        parts[place] += 1;
    }
    parts
}

impl Line {
    fn sum(&self) -> i64 {
        self.rows.iter().map(|row| row.amount).sum()
    }
}

impl Sale {
    /// What each line should be while so much is left, leaf by leaf.
    fn wanted(&self, lefts: &[i64], left: i64) -> Vec<Vec<i64>> {
        let mut wanted: Vec<Vec<i64>> = Vec::new();
        for (leaf, left) in self.leaves.iter().zip(lefts) {
            let own = rounded(*left, leaf.lines[0].millionths, MILLION);
            let parents = leaf.lines[1..].iter().map(|line| rounded(own, line.millionths, MILLION));
            wanted.push(std::iter::once(own).chain(parents).collect());
        }
        let room = if self.amount == 0 { 0 } else { rounded_down(self.cap, left, i128::from(self.amount)) };
        for level in (0..=5).rev() {
            let over = (wanted.iter().flatten().sum::<i64>() - room).max(0);
            let mut places = Vec::new();
            for (place, leaf) in self.leaves.iter().enumerate() {
                places
                    .extend(leaf.lines.iter().enumerate().filter(|(_, l)| l.level == level).map(|(at, _)| (place, at)));
            }
            let weights: Vec<i64> = places.iter().map(|(place, at)| wanted[*place][*at]).collect();
            let cut = over.min(weights.iter().sum());
            for ((place, at), part) in places.into_iter().zip(shares(cut, &weights)) {
                wanted[place][at] -= part;
            }
        }
        wanted
    }
}

impl Books {
    /// A sale of `plain` and `special` things by the affiliate `person`.
    pub(super) fn sell(&mut self, person: usize, currency: usize, plain: i64, special: i64) {
        let amount = plain + special;
        let mut sale = Sale {
            currency,
            amount,
            cap: rounded_down(amount, self.most, MILLION),
            left: amount,
            due: self.today + self.hold_days,
            leaves: Vec::new(),
        };
        if self.people[person].approved {
            let own = self.people[person].millionths;
            let parts = match own {
                Some(own) => vec![(amount, own)],
                None if special == 0 => vec![(plain, self.usual)],
                None if plain == 0 => vec![(special, self.special)],
                None => vec![(plain, self.usual), (special, self.special)],
            };
            sale.leaves = parts.into_iter().map(|(part, rate)| self.leaf(person, part, rate)).collect();
            let lefts: Vec<i64> = sale.leaves.iter().map(|leaf| leaf.left).collect();
            let wanted = sale.wanted(&lefts, amount);
            for (leaf, wanted) in sale.leaves.iter_mut().zip(wanted) {
                // Parents are calculated from what the leaf would be without the cap.
                let earned = rounded(leaf.left, leaf.lines[0].millionths, MILLION);
                for (line, amount) in leaf.lines.iter_mut().zip(wanted) {
                    let basis = if line.level == 0 { leaf.left } else { earned };
                    line.rows.push(Row { basis, amount, state: State::Pending });
                }
            }
        }
        self.sales.push(sale);
    }

    fn leaf(&self, person: usize, left: i64, millionths: i64) -> Leaf {
        let mut lines = vec![Line { person, level: 0, millionths, rows: Vec::new() }];
        let mut above = self.people[person].parent;
        for (level, rate) in (1..).zip(&self.parents) {
            let Some(parent) = above else { break };
            if self.people[parent].approved {
                lines.push(Line { person: parent, level, millionths: *rate, rows: Vec::new() });
            }
            above = self.people[parent].parent;
        }
        Leaf { left, lines }
    }

    /// Takes `amount` of a sale back, or all that is left.
    pub(super) fn refund(&mut self, sale: usize, amount: Option<i64>) -> Result<(), Refused> {
        let sale = &mut self.sales[sale];
        let amount = amount.unwrap_or(sale.left);
        if sale.left <= 0 || amount <= 0 || amount > sale.left {
            return Err(Refused);
        }
        let rest = sale.left - amount;
        let gone = |leaf: &Leaf| leaf.lines[0].rows[0].state == State::Void;
        let mut weights: Vec<i64> = sale.leaves.iter().map(|leaf| if gone(leaf) { 0 } else { leaf.left }).collect();
        weights.push(sale.left - weights.iter().sum::<i64>());
        let parts = shares(amount, &weights);
        let lefts: Vec<i64> = sale
            .leaves
            .iter()
            .zip(parts)
            .map(|(leaf, part)| if gone(leaf) { rest } else { leaf.left - part })
            .collect();
        let wanted = sale.wanted(&lefts, rest);
        for ((leaf, left), wanted) in sale.leaves.iter_mut().zip(lefts).zip(wanted) {
            let earned = rounded(left, leaf.lines[0].millionths, MILLION);
            for (line, wanted) in leaf.lines.iter_mut().zip(wanted) {
                let basis = if line.level == 0 { left } else { earned };
                take_back(line, basis, wanted, rest == 0);
            }
            leaf.left = left;
        }
        sale.left = rest;
        Ok(())
    }

    /// A person approves or voids a row: of sale, leaf, line and row.
    pub(super) fn judge(&mut self, at: (usize, usize, usize, usize), approve: bool) -> Result<(), Refused> {
        let (sale, leaf, line, row) = at;
        let lines = &mut self.sales[sale].leaves[leaf].lines;
        let to = if approve { State::Approved } else { State::Void };
        if approve && !self.people[lines[line].person].approved {
            return Err(Refused);
        }
        let state = lines[line].rows[row].state;
        if row > 0 && state != lines[line].rows[0].state {
            let may = matches!((state, approve), (State::Pending | State::Review, _) | (State::Approved, false));
            if may {
                lines[line].rows[row].state = to;
            }
            return if may { Ok(()) } else { Err(Refused) };
        }
        move_together(&mut lines[line], to)?;
        if line == 0 && !approve {
            for over in &mut lines[1..] {
                let first = over.rows[0].state;
                if !matches!(first, State::Paid(_) | State::Void) {
                    move_together(over, to)?;
                }
            }
        }
        Ok(())
    }

    /// Whether a person's void of this row would be half done: then the whole is refused, and nothing may change.
    pub(super) fn try_judge(&mut self, at: (usize, usize, usize, usize), approve: bool) -> Result<(), Refused> {
        let before = self.clone();
        let done = self.judge(at, approve);
        if done.is_err() {
            *self = before;
        }
        done
    }

    /// Days go by, and what is due is approved.
    pub(super) fn wait(&mut self, days: i64) {
        self.today += days;
        let (today, people) = (self.today, &self.people);
        for sale in self.sales.iter_mut().filter(|sale| sale.due <= today) {
            for line in sale.leaves.iter_mut().flat_map(|leaf| &mut leaf.lines).filter(|l| people[l.person].approved) {
                for row in line.rows.iter_mut().filter(|row| row.state == State::Pending) {
                    row.state = State::Approved;
                }
            }
        }
    }

    /// What an affiliate is owed and has in no payout.
    pub(super) fn owed(&self, person: usize, currency: usize) -> i64 {
        let lines = self.lines(currency).filter(|line| line.person == person);
        lines.flat_map(|line| &line.rows).filter(|row| row.state == State::Approved).map(|row| row.amount).sum()
    }

    /// What an affiliate was paid.
    pub(super) fn paid(&self, person: usize, currency: usize) -> i64 {
        let lines = self.lines(currency).filter(|line| line.person == person);
        lines.flat_map(|line| &line.rows).filter(|row| matches!(row.state, State::Paid(_))).map(|row| row.amount).sum()
    }

    fn lines(&self, currency: usize) -> impl Iterator<Item = &Line> {
        self.sales.iter().filter(move |sale| sale.currency == currency).flat_map(|s| &s.leaves).flat_map(|l| &l.lines)
    }

    /// Freezes what everybody who is owed enough is owed.
    pub(super) fn pay_out(&mut self, currency: usize) -> Result<(), Refused> {
        // The minimum is in the merchant's own currency, the first.
        let minimum = if currency == 0 { self.minimum.max(1) } else { 1 };
        let people: Vec<(usize, i64)> = (0..self.people.len())
            .filter(|person| self.people[*person].approved)
            .map(|person| (person, self.owed(person, currency)))
            .filter(|(_, owed)| *owed >= minimum)
            .collect();
        if people.is_empty() {
            return Err(Refused);
        }
        let number = self.payouts.len();
        for line in self.lines_mut(currency).filter(|line| people.iter().any(|(person, _)| *person == line.person)) {
            for row in line.rows.iter_mut().filter(|row| row.state == State::Approved) {
                row.state = State::InPayout(number);
            }
        }
        let total = people.iter().map(|(_, owed)| owed).sum();
        self.payouts.push(Payout { currency, stage: TestApp::Open, total, people: people.len() });
        Ok(())
    }

    /// Moves a payout on.
    pub(super) fn settle(&mut self, number: usize, to: TestApp) -> Result<(), Refused> {
        let from = self.payouts[number].stage;
        let may = matches!(
            (from, to),
            (TestApp::Open, TestApp::Processing) | (TestApp::Processing, TestApp::Paid | TestApp::Failed)
        );
        if !may {
            return Err(Refused);
        }
        self.payouts[number].stage = to;
        let becomes = match to {
            TestApp::Paid => State::Paid(number),
            TestApp::Failed => State::Approved,
            TestApp::Open | TestApp::Processing => return Ok(()),
        };
        for line in self.lines_mut(self.payouts[number].currency) {
            for row in line.rows.iter_mut().filter(|row| row.state == State::InPayout(number)) {
                row.state = becomes;
            }
        }
        Ok(())
    }

    fn lines_mut(&mut self, currency: usize) -> impl Iterator<Item = &mut Line> {
        let sales = self.sales.iter_mut().filter(move |sale| sale.currency == currency);
        sales.flat_map(|sale| &mut sale.leaves).flat_map(|leaf| &mut leaf.lines)
    }

    /// All money is somewhere, and none is in two places: what stands in every state together is what was ever made.
    pub(super) fn is_balanced(&self, currency: usize) -> bool {
        let rows = || self.lines(currency).flat_map(|line| &line.rows);
        let made: i64 = rows().map(|row| row.amount).sum();
        let void: i64 = rows().filter(|row| row.state == State::Void).map(|row| row.amount).sum();
        let live: i64 = rows().filter(|row| row.state != State::Void).map(|row| row.amount).sum();
        made == void + live && self.lines(currency).all(|line| line.sum() >= 0)
    }
}

fn take_back(line: &mut Line, basis: i64, wanted: i64, whole: bool) {
    let state = line.rows[0].state;
    let reversal = match state {
        State::Void => return,
        State::Pending | State::Review if whole && line.rows.len() == 1 => {
            line.rows[0].state = State::Void;
            return;
        }
        State::Pending | State::Review => state,
        State::Approved | State::InPayout(_) => State::Approved,
        State::Paid(_) => State::Review,
    };
    let had: i64 = line.rows.iter().map(|row| row.basis).sum();
    let row = Row { basis: (basis - had).min(0), amount: (wanted - line.sum()).min(0), state: reversal };
    if (row.basis, row.amount) != (0, 0) {
        line.rows.push(row);
    }
}

fn move_together(line: &mut Line, to: State) -> Result<(), Refused> {
    let from = line.rows[0].state;
    let may = matches!((from, to), (State::Pending | State::Review, _) | (State::Approved, State::Void));
    let settled = |row: &Row| matches!(row.state, State::Paid(_) | State::InPayout(_));
    if !may || (to == State::Void && line.rows[1..].iter().any(settled)) {
        return Err(Refused);
    }
    for row in line.rows.iter_mut().filter(|row| row.state == from) {
        row.state = to;
    }
    Ok(())
}
