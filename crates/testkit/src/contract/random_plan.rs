//! Makes random change sets that often meet: few keys, few rows, some stale versions.

use crate::{Dice, Model, SeededIds, build, build::moment, sets};
use domain::{Affiliate, AffiliateId, Coupon, CouponId, Email, MerchantId, Rate, Slug};
use ports::{ChangeSet, Claim, Entity, ResponseRecord, RowRef, Space, Table, Tree, Version, Versioned};
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// The slugs and addresses that affiliates compete for; one number makes both.
pub(crate) const NAMES: usize = 8;
/// The codes that coupons compete for.
pub(crate) const CODES: usize = 6;
/// The keys that answers compete for.
pub(crate) const REPLIES: usize = 4;

/// The state of a planner: everything before the sets of a round, with typed rows to change.
pub(crate) struct Planner {
    pub(crate) ids: SeededIds,
    pub(crate) dice: Dice,
    pub(crate) merchant: MerchantId,
    pub(crate) model: Model,
    pub(crate) affiliates: BTreeMap<AffiliateId, Affiliate>,
    pub(crate) coupons: BTreeMap<CouponId, Coupon>,
}

/// A set in the making and what it touches already: no row and no key twice.
struct Draft {
    set: ChangeSet,
    rows: HashSet<Uuid>,
    keys: HashSet<(Space, String)>,
}

impl Draft {
    /// Whether all of these are still untouched; they are touched from now on.
    fn touch(&mut self, row: Uuid, keys: &[(Space, &str)]) -> bool {
        let owned = |&(space, key): &(Space, &str)| (space, key.to_owned());
        let untouched = !self.rows.contains(&row) && keys.iter().all(|key| !self.keys.contains(&owned(key)));
        if untouched {
            self.rows.insert(row);
            self.keys.extend(keys.iter().map(owned));
        }
        untouched
    }
}

/// The nth slug.
pub(crate) fn slug(n: usize) -> Slug {
    Slug::parse(&format!("slug-{n}")).unwrap()
}

/// The nth address.
pub(crate) fn email(n: usize) -> Email {
    Email::parse(&format!("Mail-{n}@example.com")).unwrap()
}

/// The nth code.
pub(crate) fn code(n: usize) -> String {
    format!("CODE-{n}")
}

/// The nth answer's place.
pub(crate) fn response(n: usize) -> ResponseRecord {
    build::response("POST /events", &format!("reply-{n}"))
}

impl Planner {
    /// A set of one to three random steps, at the second `now`.
    pub(crate) fn plan(&mut self, now: i64) -> ChangeSet {
        let mut draft = Draft { set: ChangeSet::new(self.merchant), rows: HashSet::new(), keys: HashSet::new() };
        for _ in 0..=self.dice.below(3) {
            match self.dice.below(10) {
                0..=1 => self.new_affiliate(&mut draft),
                2..=3 => self.change_affiliate(&mut draft),
                4 => self.rename_affiliate(&mut draft),
                5 => self.delete_affiliate(&mut draft),
                6..=7 => self.new_coupon(&mut draft),
                8 => self.delete_coupon(&mut draft),
                _ => self.change_tree(&mut draft),
            }
        }
        if self.dice.chance(25) {
            let lasting = i64::try_from(self.dice.below(60)).unwrap();
            draft.set.response = Some(ResponseRecord {
                created_at: moment(now),
                expires_at: moment(now + 5 + lasting),
                body: self.dice.roll().to_le_bytes().to_vec(),
                ..response(self.dice.below(REPLIES))
            });
        }
        draft.set
    }

    /// Takes over what the typed rows of a committed set became.
    pub(crate) fn learn(&mut self, set: &ChangeSet) {
        let written = set.rows.affiliates.changed.iter().map(|change| &change.row).chain(&set.rows.affiliates.new);
        self.affiliates.extend(written.map(|row| (row.id, row.clone())));
        self.coupons.extend(set.rows.coupons.new.iter().map(|row| (row.id, row.clone())));
        for (id, _) in &set.rows.affiliates.deleted {
            self.affiliates.remove(&AffiliateId::from_uuid(*id));
        }
        for (id, _) in &set.rows.coupons.deleted {
            self.coupons.remove(&CouponId::from_uuid(*id));
        }
    }

    /// The version to expect of a row: now and then one that it no longer has.
    fn version(&mut self, row: RowRef) -> Version {
        let current = self.model.version(self.merchant, row).unwrap_or(Version::FIRST);
        if self.dice.chance(15) { Version::stored(current.number() - 1) } else { current }
    }

    fn any_affiliate(&mut self) -> Option<Affiliate> {
        let all: Vec<&Affiliate> = self.affiliates.values().collect();
        (!all.is_empty()).then(|| (*self.dice.pick(&all)).clone())
    }

    fn new_affiliate(&mut self, draft: &mut Draft) {
        let (slug, email) = (slug(self.dice.below(NAMES)), email(self.dice.below(NAMES)));
        let made = Affiliate { slug, email, ..build::affiliate(&self.ids, "new") };
        let keys = [(Space::AffiliateSlug, made.slug.as_str()), (Space::AffiliateEmail, &made.email.folded())];
        if draft.touch(made.row_id(), &keys) {
            draft.set = sets::Grow::with_affiliate(draft.set.clone(), &made);
        }
    }

    fn change_affiliate(&mut self, draft: &mut Draft) {
        let Some(row) = self.any_affiliate() else { return };
        if draft.touch(row.row_id(), &[]) {
            let rate = u32::try_from(self.dice.below(1_000_000)).unwrap();
            let image = Affiliate { custom_rate: Rate::from_millionths(rate), ..row };
            draft.set.rows.affiliates.change(self.version(image.row_ref()), image);
        }
    }

    fn rename_affiliate(&mut self, draft: &mut Draft) {
        let (Some(row), next) = (self.any_affiliate(), slug(self.dice.below(NAMES))) else { return };
        let keys = [(Space::AffiliateSlug, row.slug.as_str()), (Space::AffiliateSlug, next.as_str())];
        if row.slug != next && draft.touch(row.row_id(), &keys) {
            draft.set.free(Space::AffiliateSlug, row.slug.as_str(), row.row_id());
            draft.set.claim(Space::AffiliateSlug, next.as_str(), row.row_id());
            let image = Affiliate { slug: next, ..row };
            draft.set.rows.affiliates.change(self.version(image.row_ref()), image);
        }
    }

    fn delete_affiliate(&mut self, draft: &mut Draft) {
        let Some(row) = self.any_affiliate() else { return };
        let folded = row.email.folded();
        let keys = [(Space::AffiliateSlug, row.slug.as_str()), (Space::AffiliateEmail, folded.as_str())];
        let has_coupons = self.coupons.values().any(|coupon| coupon.affiliate_id == row.id);
        if !has_coupons && draft.touch(row.row_id(), &keys) {
            draft.set.free(Space::AffiliateSlug, row.slug.as_str(), row.row_id());
            draft.set.free(Space::AffiliateEmail, folded, row.row_id());
            let version = self.version(row.row_ref());
            draft.set.rows.affiliates.delete(&Versioned { row, version });
        }
    }

    fn new_coupon(&mut self, draft: &mut Draft) {
        let (Some(owner), code) = (self.any_affiliate(), code(self.dice.below(CODES))) else { return };
        if draft.touch(owner.row_id(), &[(Space::CouponCode, &code)]) {
            draft.set = sets::Grow::with_coupon(draft.set.clone(), &build::coupon(&self.ids, &owner, &code));
            let version = self.version(owner.row_ref());
            draft.set.expect_unchanged(&Versioned { row: owner, version });
        }
    }

    fn delete_coupon(&mut self, draft: &mut Draft) {
        let all: Vec<&Coupon> = self.coupons.values().collect();
        if all.is_empty() {
            return;
        }
        let row = (*self.dice.pick(&all)).clone();
        if draft.touch(row.row_id(), &[(Space::CouponCode, row.code.as_str())]) {
            let version = self.version(row.row_ref());
            draft.set = sets::Grow::without_coupon(draft.set.clone(), &Versioned { row, version });
        }
    }

    fn change_tree(&mut self, draft: &mut Draft) {
        let row = RowRef { table: Table::Trees, id: self.merchant.uuid() };
        if draft.touch(row.id, &[]) {
            draft.set.rows.trees.change(self.version(row), Tree { merchant_id: self.merchant });
        }
    }

    /// The owner of a key, by the model.
    pub(crate) fn owner(&self, space: Space, key: &str) -> Option<Uuid> {
        self.model.owner(self.merchant, &Claim { space, key: key.to_owned(), owner: Uuid::nil() })
    }
}
