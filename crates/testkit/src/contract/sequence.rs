//! One random sequence of change sets over every table, for two storages to be compared by.

use super::{random_plan::Planner, tables::Rows};
use crate::{
    Dice, Model, SeededIds, boundary_values,
    build::{self, Shop, moment},
    sets::{self, Grow},
};
use ports::{ChangeSet, KeyUse, Table, Version};
use std::collections::BTreeMap;

/// The names that whole objects compete for.
const NAMES: usize = 40;
/// The server's own rows, and what a merchant has one of, stay.
const LASTING: [Table; 4] = [Table::Organizations, Table::Merchants, Table::Trees, Table::GroupSettings];

/// Change sets without end, each with whether a storage that took those before must take it: what was read may be old,
/// keys may be taken, answers may be in each other's place.
pub struct Sequence {
    planner: Planner,
    shop: Shop,
    objects: Vec<Rows>,
    length: i64,
}

impl Sequence {
    /// The sequence of `seed`.
    pub fn new(seed: u64) -> Self {
        let ids = SeededIds::new(seed);
        let shop = build::shop(&ids, "first");
        let planner = Planner {
            ids,
            dice: Dice::new(seed),
            merchant: shop.test.id,
            model: Model::default(),
            affiliates: BTreeMap::new(),
            coupons: BTreeMap::new(),
        };
        Self { planner, shop, objects: Vec::new(), length: 0 }
    }

    /// Everything as small and as large as it gets.
    fn boundary_values(&self) -> ChangeSet {
        let ids = &self.planner.ids;
        let parent = build::affiliate(ids, "parent");
        let affiliate = boundary_values::affiliate(&parent);
        let coupon = boundary_values::coupon(&affiliate);
        let (event, least) = (boundary_values::event(ids, &affiliate, &coupon), boundary_values::least_event(ids));
        let leaf = build::commission(ids, &event, &affiliate);
        let row = boundary_values::commission(&event, &parent, &leaf);
        let mut set = ChangeSet::new(self.planner.merchant)
            .with_key(&boundary_values::api_key())
            .with_affiliate(&parent)
            .with_affiliate(&affiliate)
            .with_coupon(&coupon)
            .with_event(&event, &[leaf, row])
            .with_event(&least, &[]);
        set.rows.clicks.push(boundary_values::click(&affiliate));
        set
    }

    fn new_object(&mut self) -> ChangeSet {
        let name = format!("object-{}", self.planner.dice.below(NAMES));
        let rows = Rows::of(&self.planner.ids, &self.shop, &name);
        let mut set = rows.insert(self.planner.merchant);
        // A merchant has one row of these.
        if self.planner.model.version(self.planner.merchant, rows.row(Table::GroupSettings)).is_some() {
            set.rows.group_settings.new.clear();
        }
        let at = moment(i64::try_from(self.planner.dice.below(1_000)).unwrap());
        set.rows.key_uses.push(KeyUse { key_id: rows.key.id, at });
        if self.planner.model.would_take(&set) {
            self.objects.push(rows);
        }
        set
    }

    /// A change or the end of any row of any object, as it is or as it was.
    fn touch_object(&mut self) -> Option<ChangeSet> {
        let Planner { dice, model, merchant, .. } = &mut self.planner;
        if self.objects.is_empty() {
            return None;
        }
        let object = dice.pick(&self.objects);
        let table = *dice.pick(&Table::ALL);
        let current = model.version(*merchant, object.row(table)).unwrap_or(Version::FIRST);
        let version = if dice.chance(15) { Version::stored(current.number() - 1) } else { current };
        let ends = dice.chance(30) && !LASTING.contains(&table);
        Some(if ends {
            object.delete_in(table, *merchant, version)
        } else {
            object.change_in(table, *merchant, version)
        })
    }

    fn drawn(&mut self) -> ChangeSet {
        match self.planner.dice.below(10) {
            0..=2 => self.new_object(),
            3..=5 => match self.touch_object() {
                Some(set) => set,
                None => self.new_object(),
            },
            _ => {
                let set = self.planner.plan(10 * self.length);
                if self.planner.model.would_take(&set) {
                    self.planner.learn(&set);
                }
                set
            }
        }
    }
}

impl Iterator for Sequence {
    type Item = (ChangeSet, bool);

    fn next(&mut self) -> Option<Self::Item> {
        let set = match self.length {
            0 => sets::with_organization(&self.shop),
            1 => self.boundary_values(),
            _ => self.drawn(),
        };
        self.length += 1;
        let taken = self.planner.model.apply(&set);
        Some((set, taken))
    }
}
