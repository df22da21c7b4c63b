//! `claims` and `directory`: every question of uniqueness, per merchant and on the whole server.

use crate::{
    schema::{claims, directory},
    values::Uid,
};
use diesel::prelude::*;
use domain::MerchantId;
use ports::Space;
use uuid::Uuid;

/// A unique key of a merchant, with its owner.
#[derive(Debug, Insertable)]
#[diesel(table_name = claims)]
pub(crate) struct MerchantKeyRow<'a> {
    merchant_id: Uid,
    space: i16,
    key: &'a str,
    owner: Uid,
}

/// A unique key of the server, with its owner.
#[derive(Debug, Insertable)]
#[diesel(table_name = directory)]
pub(crate) struct DirectoryRow<'a> {
    space: i16,
    key: &'a str,
    owner: Uid,
}

/// A key to be taken or given back, in whichever of the two tables its space lives.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ClaimedKey<'a> {
    /// Whose; not looked at in a global space.
    pub(crate) merchant: Uuid,
    /// Its space.
    pub(crate) space: Space,
    /// The key.
    pub(crate) key: &'a str,
    /// Who takes it or gives it back.
    pub(crate) owner: Uuid,
}

impl ClaimedKey<'_> {
    /// Takes the key unless somebody has it; whether it was taken. Anything but a taken key is an error.
    pub(crate) fn take(self, connection: &mut SqliteConnection) -> QueryResult<bool> {
        let Self { merchant, space, key, owner } = self;
        let (number, owner) = (space.number(), Uid(owner));
        let rows = if space.is_global() {
            let row = DirectoryRow { space: number, key, owner };
            diesel::insert_into(directory::table)
                .values(&row)
                .on_conflict((directory::space, directory::key))
                .do_nothing()
                .execute(connection)?
        } else {
            let row = MerchantKeyRow { merchant_id: Uid(merchant), space: number, key, owner };
            diesel::insert_into(claims::table)
                .values(&row)
                .on_conflict((claims::merchant_id, claims::space, claims::key))
                .do_nothing()
                .execute(connection)?
        };
        Ok(rows == 1)
    }

    /// Gives the key back, if this owner has it; how many rows that were.
    pub(crate) fn give_back(self, connection: &mut SqliteConnection) -> QueryResult<usize> {
        let Self { merchant, space, key, owner } = self;
        let (number, owner) = (space.number(), Uid(owner));
        if space.is_global() {
            diesel::delete(directory::table.find((number, key)).filter(directory::owner.eq(owner))).execute(connection)
        } else {
            diesel::delete(claims::table.find((Uid(merchant), number, key)).filter(claims::owner.eq(owner)))
                .execute(connection)
        }
    }
}

/// Who has a key.
pub(crate) fn owner_of(
    connection: &mut SqliteConnection,
    merchant: MerchantId,
    space: Space,
    key: &str,
) -> QueryResult<Option<Uuid>> {
    let number = space.number();
    let owner: Option<Uid> = if space.is_global() {
        directory::table.find((number, key)).select(directory::owner).get_result(connection).optional()?
    } else {
        claims::table
            .find((Uid::from(merchant), number, key))
            .select(claims::owner)
            .get_result(connection)
            .optional()?
    };
    Ok(owner.map(|Uid(owner)| owner))
}
