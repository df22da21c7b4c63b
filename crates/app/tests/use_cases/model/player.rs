//! One merchant, who does the same to the engine and to the books.

use super::books::{Books, Payout, Person, Refused, Row, State, TestApp};
use crate::stage::{ALL, email_of, new_affiliate, purchase};
use app::{
    App, AppError, AskedItem, ChangeAffiliateCommand, ChangePayoutCommand, CreateAffiliateCommand, CreatePayoutCommand,
    MoveCommissionCommand, Principal, RecordEventCommand, Worker,
};
use domain::{
    Affiliate, AffiliateChange, AffiliateStatus, Commission, CommissionMove, CommissionStatus, Currency, Decimal,
    EventKind, ExternalId, Metadata, Mode, NewRefund, NewRule, OrderReference, OrganizationName, PayoutId,
    PayoutStatus, Plan, Rate, RewardWish, RuleScope, SettingsChange, ShortText, Slug, TestClockStep,
};
use ports::{AffiliateFilter, CommissionFilter, IdSourceExt, PayoutFilter};
use std::{collections::HashMap, time::Duration};
use testkit::{Dice, SeededIds};

const DAY: Duration = Duration::from_secs(86_400);
const PEOPLE: usize = 6;

pub(super) struct Player<'a> {
    app: &'a App,
    who: Principal,
    seed: u64,
    dice: Dice,
    books: Books,
    people: Vec<Affiliate>,
    payouts: Vec<PayoutId>,
    refunds: usize,
}

/// Whether the engine did it; panics where it neither did nor refused.
fn judged<T: std::fmt::Debug>(done: Result<T, AppError>) -> Result<(), Refused> {
    match done {
        Ok(_) => Ok(()),
        Err(AppError::Refused(_)) => Err(Refused),
        Err(other) => panic!("{other:?}"),
    }
}

fn rate(millionths: i64) -> Rate {
    Rate::from_millionths(u32::try_from(millionths).unwrap()).unwrap()
}

fn currency(number: usize) -> Currency {
    ["USD", "JPY"][number].parse().unwrap()
}

fn amount(minor: i64, number: usize) -> Decimal {
    Decimal::new(minor, currency(number).exponent())
}

/// A sale's commissions by leaf, line and row.
fn arranged(mut rows: Vec<Commission>) -> Vec<Vec<Vec<Commission>>> {
    rows.sort_by_key(|row| row.id);
    let line = |original: &Commission| {
        let reversals = rows.iter().filter(|row| row.reverses == Some(original.id)).cloned();
        std::iter::once(original.clone()).chain(reversals).collect::<Vec<_>>()
    };
    let originals = || rows.iter().filter(|row| row.reverses.is_none());
    let leaf = |leaf: &Commission| {
        let mut overrides: Vec<&Commission> = originals().filter(|row| row.leaf_id == Some(leaf.id)).collect();
        overrides.sort_by_key(|row| row.level);
        std::iter::once(leaf).chain(overrides).map(line).collect::<Vec<_>>()
    };
    originals().filter(|row| row.level == 0).map(leaf).collect()
}

impl<'a> Player<'a> {
    /// A new merchant with six affiliates, most of whom have a parent, and a rule of its own for special products.
    pub(super) async fn sit_down(app: &'a App, seed: u64) -> Self {
        let mut dice = Dice::new(seed);
        let name = OrganizationName::parse(&format!("Player {seed}")).unwrap();
        let organization = app.organizations.create(name, Plan::Growth, currency(0)).await.unwrap();
        let who = Principal {
            merchant_id: organization.test,
            mode: Mode::Test,
            organization_id: organization.id,
            plan: Plan::Growth,
            key_id: SeededIds::new(seed).id(),
        };
        let books = Books {
            people: Vec::new(),
            sales: Vec::new(),
            payouts: Vec::new(),
            today: 0,
            usual: *dice.pick(&[200_000, 333_333, 1_000_000, 0]),
            special: *dice.pick(&[125_000, 450_000]),
            parents: (0..dice.below(6)).map(|_| *dice.pick(&[100_000, 50_000, 333_333])).collect(),
            most: *dice.pick(&[1_000_000, 1_000_000, 250_000, 333_333]),
            hold_days: 30,
            minimum: *dice.pick(&[0, 500]),
        };
        let settings = SettingsChange {
            commission_rate: Some(rate(books.usual)),
            mlm_rates: Some(books.parents.iter().copied().map(rate).collect()),
            max_payout_rate: Some(rate(books.most)),
            min_payout: Some(amount(books.minimum, 0)),
            ..SettingsChange::default()
        };
        app.settings.change(&who, settings, None).await.unwrap();
        let rule = NewRule {
            scope: RuleScope::Product(ShortText::parse("special").unwrap()),
            reward: RewardWish { rate: Some(rate(books.special)), ..RewardWish::default() },
            event_kind: None,
            priority: 0,
            starts_at: None,
            ends_at: None,
        };
        app.rules.create(&who, rule, None).await.unwrap();
        let mut player = Self { app, who, seed, dice, books, people: Vec::new(), payouts: Vec::new(), refunds: 0 };
        for number in 0..PEOPLE {
            player.join(number).await;
        }
        player
    }

    async fn join(&mut self, number: usize) {
        let parent = (number > 0 && self.dice.chance(75)).then(|| self.dice.below(number));
        let millionths = self.dice.chance(25).then(|| *self.dice.pick(&[0, 100_000, 666_667]));
        let name = format!("person-{number}");
        let affiliate = domain::NewAffiliate { custom_rate: millionths.map(rate), ..new_affiliate(&name) };
        let parent_email = parent.map(|parent| email_of(&format!("person-{parent}")));
        self.app.affiliates.create(&self.who, CreateAffiliateCommand { affiliate, parent_email }, None).await.unwrap();
        let filter = AffiliateFilter { slug: Slug::parse(&name).ok(), ..AffiliateFilter::default() };
        let page = self.app.affiliates.list(&self.who, &filter, &ALL).await.unwrap();
        self.people.push(page.rows.into_iter().next().unwrap().affiliate);
        self.books.people.push(Person { parent, millionths, approved: true });
    }

    pub(super) async fn step(&mut self, step: usize) {
        match self.dice.below(100) {
            0..40 => self.sell().await,
            40..60 => self.refund(step).await,
            60..65 => self.repeat().await,
            65..80 => self.judge(step).await,
            80..87 => self.wait().await,
            87..92 => self.pay_out(step).await,
            92..98 => self.settle(step).await,
            _ => self.suspend().await,
        }
    }

    fn order(sale: usize) -> String {
        format!("s{sale}")
    }

    fn sale(&self, number: usize, person: usize, money: usize, plain: i64, special: i64) -> RecordEventCommand {
        let product = |name: &str, minor| AskedItem {
            product: ShortText::parse(name).ok(),
            category: None,
            amount: amount(minor, money),
        };
        let mut items = Vec::new();
        if special > 0 {
            items.extend((plain > 0).then(|| product("plain", plain)));
            items.push(product("special", special));
        }
        RecordEventCommand {
            amount: items.is_empty().then(|| amount(plain, money)),
            currency: Some(currency(money)),
            items,
            affiliate_id: Some(self.people[person].id),
            ..purchase(&Self::order(number))
        }
    }

    async fn sell(&mut self) {
        let (person, money) = (self.dice.below(PEOPLE), usize::from(self.dice.chance(25)));
        let size = *self.dice.pick(&[4, 1_000, 2_000_000]);
        let mut some = |most: usize| i64::try_from(self.dice.below(most)).unwrap();
        let (plain, special) = (some(size), if some(10) < 3 { some(size) } else { 0 });
        let command = self.sale(self.books.sales.len(), person, money, plain, special);
        self.app.events.record(&self.who, command, None).await.unwrap();
        self.books.sell(person, money, plain, special);
    }

    async fn refund(&mut self, step: usize) {
        if self.books.sales.is_empty() {
            return;
        }
        let number = self.dice.below(self.books.sales.len());
        let sale = &self.books.sales[number];
        let (left, money) = (usize::try_from(sale.left).unwrap(), sale.currency);
        let part = self.dice.chance(60).then(|| i64::try_from(1 + self.dice.below(left + left / 5 + 1)).unwrap());
        self.refunds += 1;
        let command = NewRefund {
            external_id: ExternalId::parse(&format!("r{}", self.refunds)).unwrap(),
            as_sent: domain::AsSent::default(),
            refunds: None,
            order_id: OrderReference::parse(&Self::order(number)).ok(),
            amount: part.map(|part| amount(part, money)),
            currency: None,
            customer_email: None,
            customer_external_id: None,
            occurred_at: None,
            metadata: Metadata::default(),
            fingerprint: [2; 32],
        };
        let done = judged(self.app.refunds.record(&self.who, command, None).await);
        assert_eq!(done, self.books.refund(number, part), "seed {} step {step}: refund {number} {part:?}", self.seed);
    }

    /// The same sale again: nothing may come of it, whatever became of the first.
    async fn repeat(&mut self) {
        if self.books.sales.is_empty() {
            return;
        }
        let number = self.dice.below(self.books.sales.len());
        let command = RecordEventCommand { kind: EventKind::Purchase, ..self.sale(number, 0, 0, 1, 0) };
        let again = self.app.events.record(&self.who, command, None).await.unwrap();
        assert_eq!(again.status, ports::ResponseStatus::Ok);
    }

    async fn judge(&mut self, step: usize) {
        let with_rows: Vec<usize> =
            (0..self.books.sales.len()).filter(|sale| !self.books.sales[*sale].leaves.is_empty()).collect();
        if with_rows.is_empty() {
            return;
        }
        let sale = *self.dice.pick(&with_rows);
        let leaves = &self.books.sales[sale].leaves;
        let leaf = self.dice.below(leaves.len());
        let line = self.dice.below(leaves[leaf].lines.len());
        let row = self.dice.below(leaves[leaf].lines[line].rows.len());
        // What a void leaf means for the other leaves of its sale is told by the domain's own tests.
        let approve = leaves.len() > 1 || self.dice.chance(70);
        let id = self.rows(sale).await[leaf][line][row].id;
        let verdict = if approve { CommissionMove::Approve } else { CommissionMove::Void };
        let command = MoveCommissionCommand { step: verdict, reason: None };
        let done = judged(self.app.commissions.change(&self.who, id, command, None).await);
        let at = (sale, leaf, line, row);
        let wanted = self.books.try_judge(at, approve);
        assert_eq!(done, wanted, "seed {} step {step}: {verdict:?} of {at:?}", self.seed);
    }

    async fn wait(&mut self) {
        let days = 1 + self.dice.below(40);
        let span = DAY * u32::try_from(days).unwrap();
        self.app.test_mode.advance(&self.who, TestClockStep::By(span), None).await.unwrap();
        self.mature().await;
        self.books.wait(i64::try_from(days).unwrap());
    }

    async fn pay_out(&mut self, step: usize) {
        let money = usize::from(self.dice.chance(25));
        let command = CreatePayoutCommand { currency: currency(money), affiliate_ids: Vec::new() };
        let done = judged(self.app.payouts.create(&self.who, command, None).await);
        assert_eq!(done, self.books.pay_out(money), "seed {} step {step}: payout", self.seed);
        if done.is_ok() {
            let page = self.app.payouts.list(&self.who, &PayoutFilter::default(), &ALL).await.unwrap();
            self.payouts.push(page.rows[0].id);
        }
    }

    async fn settle(&mut self, step: usize) {
        if self.payouts.is_empty() {
            return;
        }
        let number = self.dice.below(self.payouts.len());
        let (stage, status) = *self.dice.pick(&[
            (TestApp::Processing, PayoutStatus::Processing),
            (TestApp::Paid, PayoutStatus::Paid),
            (TestApp::Failed, PayoutStatus::Failed),
        ]);
        let command = ChangePayoutCommand { status };
        let done = judged(self.app.payouts.change(&self.who, self.payouts[number], command, None).await);
        let wanted = self.books.settle(number, stage);
        assert_eq!(done, wanted, "seed {} step {step}: payout {number} to {stage:?}", self.seed);
    }

    async fn suspend(&mut self) {
        let number = self.dice.below(PEOPLE);
        let person = &mut self.books.people[number];
        person.approved = !person.approved;
        let status = if person.approved { AffiliateStatus::Approved } else { AffiliateStatus::Suspended };
        let change = AffiliateChange { status: Some(status), ..AffiliateChange::default() };
        let command = ChangeAffiliateCommand { change, parent_email: None };
        self.app.affiliates.change(&self.who, self.people[number].id, command, None).await.unwrap();
        // What came due meanwhile is approved as soon as its affiliate may earn again.
        self.mature().await;
        self.books.wait(0);
    }

    async fn mature(&self) {
        while self.app.work(Worker::Mature).await.unwrap().done > 0 {}
    }

    /// What the engine has of a sale, in the order of the books: leaf, line, row.
    async fn rows(&self, sale: usize) -> Vec<Vec<Vec<Commission>>> {
        arranged(self.listed(OrderReference::parse(&Self::order(sale)).ok()).await)
    }

    /// The commissions of an order, or all of them, page by page.
    async fn listed(&self, order_id: Option<OrderReference>) -> Vec<Commission> {
        let filter = CommissionFilter { order_id, ..CommissionFilter::default() };
        let (mut rows, mut command) = (Vec::new(), ALL);
        loop {
            let page = self.app.commissions.list(&self.who, &filter, &command).await.unwrap();
            let more = page.more;
            rows.extend(page.rows);
            if !more {
                return rows;
            }
            let last: &Commission = rows.last().unwrap();
            command.after = Some(ports::Position { at: last.created_at, id: last.id.uuid() });
        }
    }

    fn state(&self, row: &Commission) -> State {
        let payout = || {
            let id = row.payout_id.unwrap();
            self.payouts.iter().position(|known| *known == id).unwrap()
        };
        match (row.status, row.payout_id) {
            (CommissionStatus::Pending, _) => State::Pending,
            (CommissionStatus::Approved, None) => State::Approved,
            (CommissionStatus::Approved, Some(_)) => State::InPayout(payout()),
            (CommissionStatus::Paid, _) => State::Paid(payout()),
            (CommissionStatus::Void, _) => State::Void,
            (CommissionStatus::Review, _) => State::Review,
        }
    }

    /// Everything the engine has is what the books say, and nothing else.
    pub(super) async fn compare(&self) {
        let mut by_order: HashMap<String, Vec<Commission>> = HashMap::new();
        for row in self.listed(None).await {
            by_order.entry(row.order_id.as_str().to_owned()).or_default().push(row);
        }
        for (number, sale) in self.books.sales.iter().enumerate() {
            let found = arranged(by_order.remove(&Self::order(number)).unwrap_or_default());
            let place = format!("seed {} sale {number}", self.seed);
            assert_eq!(found.len(), sale.leaves.len(), "{place}");
            for (found, leaf) in found.iter().zip(&sale.leaves) {
                assert_eq!(found.len(), leaf.lines.len(), "{place}");
                for (found, line) in found.iter().zip(&leaf.lines) {
                    let as_row = |row: &Commission| {
                        assert_eq!(row.affiliate_id, self.people[line.person].id, "{place}");
                        Row { basis: row.basis.minor(), amount: row.amount.minor(), state: self.state(row) }
                    };
                    assert_eq!(found.iter().map(as_row).collect::<Vec<_>>(), line.rows, "{place} level {}", line.level);
                }
            }
        }
        assert!(by_order.is_empty(), "seed {}: {by_order:?}", self.seed);
        for (id, Payout { currency: money, stage, total, people }) in self.payouts.iter().zip(&self.books.payouts) {
            let found = self.app.payouts.get(&self.who, *id).await.unwrap();
            let status = match stage {
                TestApp::Open => PayoutStatus::Open,
                TestApp::Processing => PayoutStatus::Processing,
                TestApp::Paid => PayoutStatus::Paid,
                TestApp::Failed => PayoutStatus::Failed,
            };
            let wanted = (status, *total, currency(*money), u32::try_from(*people).unwrap());
            let seen = (found.status, found.total.minor(), found.total.currency(), found.items_count);
            assert_eq!(seen, wanted, "seed {} payout {id}", self.seed);
        }
        for (number, person) in self.people.iter().enumerate() {
            let record = self.app.affiliates.get(&self.who, person.id).await.unwrap();
            for money in [0, 1] {
                let paid = record.paid.iter().find(|paid| paid.currency() == currency(money));
                let paid = paid.map_or(0, |paid| paid.minor());
                assert_eq!(paid, self.books.paid(number, money), "seed {} person {number}", self.seed);
            }
        }
        assert!([0, 1].into_iter().all(|money| self.books.is_balanced(money)), "seed {}", self.seed);
    }
}
