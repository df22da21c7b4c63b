//! A fresh file in RAM, and a few things to write into it.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]
#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use adapters_sqlite::{SqliteOptions, SqliteStorage};
use diesel::{Connection as _, RunQueryDsl as _, SqliteConnection, connection::SimpleConnection as _};
use domain::{
    Affiliate, AffiliateId, Email, Merchant, MerchantId, Metadata, Mode, NewAffiliate, Organization, OrganizationId,
    OrganizationName, Plan, Slug, Timestamp,
};
use ports::{ChangeSet, Journal as _, Space, Tree};
use std::path::{Path, PathBuf};
use tempfile::TempDir;
use uuid::Uuid;

/// A folder in RAM where there is one.
pub fn folder() -> TempDir {
    let ram = Path::new("/dev/shm");
    let within = if ram.is_dir() { ram.to_owned() } else { std::env::temp_dir() };
    tempfile::Builder::new().prefix("coterie-").tempdir_in(within).unwrap()
}

/// The database file in a folder.
pub fn file(folder: &TempDir) -> PathBuf {
    folder.path().join("coterie.db")
}

/// A storage on a file, with its schema up to date.
pub fn open(path: &Path, options: SqliteOptions) -> SqliteStorage {
    let storage = SqliteStorage::open(path, options).unwrap();
    storage.migrate().unwrap();
    storage
}

/// Another program that has the file open.
pub struct Foreign(SqliteConnection);

impl Foreign {
    pub fn connect(path: &Path) -> Self {
        Self(SqliteConnection::establish(path.to_str().unwrap()).unwrap())
    }

    pub fn run(&mut self, sql: &str) {
        self.0.batch_execute(sql).unwrap();
    }

    /// The first column of every row.
    pub fn texts(&mut self, sql: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Line {
            #[diesel(sql_type = diesel::sql_types::Text)]
            line: String,
        }
        let sql = format!("SELECT CAST(line AS TEXT) AS line FROM (SELECT NULL AS line WHERE FALSE UNION ALL {sql})");
        let lines: Vec<Line> = diesel::sql_query(sql).load(&mut self.0).unwrap();
        lines.into_iter().map(|line| line.line).collect()
    }
}

impl Foreign {
    /// The steps by which SQLite would answer a question.
    pub fn plan(&mut self, question: &str) -> Vec<String> {
        #[derive(diesel::QueryableByName)]
        struct Step {
            #[diesel(sql_type = diesel::sql_types::Text)]
            detail: String,
        }
        let steps: Vec<Step> = diesel::sql_query(format!("EXPLAIN QUERY PLAN {question}")).load(&mut self.0).unwrap();
        steps.into_iter().map(|step| step.detail).collect()
    }
}

/// The id of the merchant that [`founded`] makes.
pub fn merchant() -> MerchantId {
    MerchantId::from_uuid(Uuid::from_u128(2))
}

/// An organization and its test merchant.
pub async fn founded(storage: &SqliteStorage) {
    let name = OrganizationName::parse("Shop").unwrap();
    let at = Timestamp::MIN;
    let organization = Organization {
        id: OrganizationId::from_uuid(Uuid::from_u128(1)),
        name: name.clone(),
        plan: Plan::Growth,
        test: merchant(),
        live: MerchantId::from_uuid(Uuid::from_u128(3)),
        created_at: at,
    };
    let slug = Merchant::slug_for(&name, Mode::Test, 0);
    let usd = "USD".parse().unwrap();
    let merchant = Merchant::new(merchant(), organization.id, Mode::Test, slug, usd, at);
    let mut set = ChangeSet::new(merchant.id);
    set.claim(Space::MerchantSlug, merchant.slug.as_str(), merchant.id.uuid());
    set.rows.trees.insert(Tree { merchant_id: merchant.id });
    set.rows.organizations.insert(organization);
    set.rows.merchants.insert(merchant);
    storage.commit(set).await.unwrap();
}

/// An affiliate whose names follow from `n`, and the set that adds it.
pub fn affiliate(n: u128) -> (AffiliateId, ChangeSet) {
    let slug = Slug::parse(&format!("partner{n}")).unwrap();
    let request = NewAffiliate {
        email: Email::parse(&format!("partner{n}@example.com")).unwrap(),
        slug: None,
        display_name: None,
        status: None,
        custom_rate: None,
        tier_id: None,
        metadata: Metadata::default(),
    };
    let id = AffiliateId::from_uuid(Uuid::from_u128(1_000 + n));
    let affiliate = Affiliate::create(id, request, slug, None, Timestamp::MIN).unwrap();
    let mut set = ChangeSet::new(merchant());
    set.claim(Space::AffiliateSlug, affiliate.slug.as_str(), id.uuid());
    set.claim(Space::AffiliateEmail, affiliate.email.folded(), id.uuid());
    set.rows.affiliates.insert(affiliate);
    (id, set)
}
