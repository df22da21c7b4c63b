//! Affiliates: list, get, create, change.

use crate::{AppError, IdempotentRequest, Principal, Response, context::UseCaseContext, lanes};
use domain::{
    Affiliate, AffiliateChange, AffiliateId, AffiliateStatus, Coupon, CouponCode, Email, Merchant, NewAffiliate,
    Refusal, RuleScope, Slug, Timestamp, coupon_on_approval, parent_chain_allows,
};
use ports::{
    AffiliateChangeFacts, AffiliateFilter, AffiliateKeys, AffiliateReads, AffiliateRecord, ChangeSet, Entity,
    IdSourceExt, Lane, NewAffiliateFacts, Page, PageRequest, Resource, ResponseStatus, RowRef, Space, Topic, Tree,
};
use std::sync::Arc;

/// The letters of a generated slug.
const SLUG_LETTERS: &[u8] = b"abcdefghjkmnpqrstuvwxyz23456789";
/// How many of them are tried: each is one of a million.
const MOST_SLUGS: usize = 100;
/// The message for a parent's address that no affiliate has.
const NO_PARENT: &str = "must be the e-mail of an existing affiliate";
/// What is wrong with a tier's id that no tier has.
const NO_TIER: &str = RuleScope::NO_TIER;
/// The message if the plan has no parents.
const PARENT_PLAN: &str = "Parent affiliates require the Growth plan or above.";

/// The use cases of affiliates.
pub struct Affiliates {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn AffiliateReads>,
}

/// A new affiliate and the address of its parent.
#[derive(Debug, Clone)]
pub struct CreateAffiliateCommand {
    /// The affiliate.
    pub affiliate: NewAffiliate,
    /// Its parent's address.
    pub parent_email: Option<Email>,
}

/// A change of an affiliate and the address of its new parent; an inner `None` takes the parent away.
#[derive(Debug, Clone, Default)]
#[allow(clippy::option_option, reason = "outer: asked for at all; inner: null clears the field")]
pub struct ChangeAffiliateCommand {
    /// The change; its `parent_id` is filled in here.
    pub change: AffiliateChange,
    /// The new parent's address.
    pub parent_email: Option<Option<Email>>,
}

impl Affiliates {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn AffiliateReads>) -> Self {
        Self { context, reads }
    }

    /// One affiliate.
    pub async fn get(&self, who: &Principal, id: AffiliateId) -> Result<AffiliateRecord, AppError> {
        Ok(self.reads.affiliate(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A page of them.
    pub async fn list(
        &self,
        who: &Principal,
        filter: &AffiliateFilter,
        page: &PageRequest,
    ) -> Result<Page<AffiliateRecord>, AppError> {
        Ok(self.reads.affiliates(who.merchant_id, filter, page).await?)
    }

    /// Creates an affiliate: approved by default, and then with a personal coupon if the settings say so.
    pub async fn create(
        &self,
        who: &Principal,
        command: CreateAffiliateCommand,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let random = self.context.ids.letters(SLUG_LETTERS, 8);
        let slug = match &command.affiliate.slug {
            Some(slug) => slug.clone(),
            None => Slug::for_affiliate(command.affiliate.display_name.as_ref(), &random),
        };
        let load = || self.with_free_slug(who, &command, slug.clone());
        let decide = |(slug, facts)| self.created(who, &command, slug, facts);
        match self.context.run(who.merchant_id, request, &[], load, decide).await {
            Err(AppError::Refused(Refusal::Exists { field: "email" })) => {
                Err(self.taken_address(who, &command).await?.into())
            }
            made => made,
        }
    }

    /// Names the affiliate that has the address already, if it was made from the same content: the answer to that may
    /// have been lost.
    async fn taken_address(&self, who: &Principal, command: &CreateAffiliateCommand) -> Result<Refusal, AppError> {
        let exists = Refusal::Exists { field: "email" };
        let keys = AffiliateKeys {
            slug: None,
            email: Some(command.affiliate.email.clone()),
            parent_email: command.parent_email.clone(),
            tier_id: None,
        };
        let Some(facts) = self.reads.new_affiliate_facts(who.merchant_id, &keys).await? else { return Ok(exists) };
        let Some(owner) = facts.email_owner.map(AffiliateId::from_uuid) else { return Ok(exists) };
        let Some(record) = self.reads.affiliate(who.merchant_id, owner).await? else { return Ok(exists) };
        let parent = facts.parent.map(|parent| parent.row.id);
        let differs = record.affiliate.differs_from(&command.affiliate, parent);
        // Where only the status is another, it was moved since: a rejected one can be taken on by a PATCH.
        let is_the_same = differs.iter().all(|field| *field == "status");
        Ok(if is_the_same { Refusal::Repeated { field: "email", id: owner.to_string(), differs } } else { exists })
    }

    /// The facts with a slug that nobody has yet. One that was asked for is taken as it is: no other does as well.
    async fn with_free_slug(
        &self,
        who: &Principal,
        command: &CreateAffiliateCommand,
        mut slug: Slug,
    ) -> Result<Option<(Slug, NewAffiliateFacts)>, AppError> {
        for _ in 0..MOST_SLUGS {
            let keys = AffiliateKeys {
                slug: Some(slug.clone()),
                email: Some(command.affiliate.email.clone()),
                parent_email: command.parent_email.clone(),
                tier_id: command.affiliate.tier_id,
            };
            match self.reads.new_affiliate_facts(who.merchant_id, &keys).await? {
                Some(facts) if facts.slug_owner.is_some() && command.affiliate.slug.is_none() => {
                    slug = slug.with_suffix(&self.context.ids.letters(SLUG_LETTERS, 4));
                }
                facts => return Ok(facts.map(|facts| (slug, facts))),
            }
        }
        Err(AppError::Unavailable(None))
    }

    fn created(
        &self,
        who: &Principal,
        command: &CreateAffiliateCommand,
        slug: Slug,
        facts: NewAffiliateFacts,
    ) -> Result<(ChangeSet, Response), AppError> {
        check_new(who, command, &facts)?;
        let NewAffiliateFacts { merchant, parent, tier, .. } = facts;
        let now = merchant.row.clock.at(self.context.now());
        let parent_id = parent.as_ref().map(|parent| parent.row.id);
        let affiliate = Affiliate::create(self.context.ids.id(), command.affiliate.clone(), slug, parent_id, now)?;
        let mut set = self.context.set_for(&merchant)?;
        let merchant = merchant.row;
        if let Some(parent) = &parent {
            set.expect_unchanged(parent);
        }
        if let Some(tier) = &tier {
            // Written although it does not change, so that a simultaneous deletion conflicts.
            set.rows.tiers.change(tier.version, tier.row.clone());
        }
        set.claim(Space::AffiliateSlug, affiliate.slug.as_str(), affiliate.id.uuid());
        set.claim(Space::AffiliateEmail, affiliate.email.folded(), affiliate.id.uuid());
        set.rows.affiliates.insert(affiliate.clone());
        let mut record =
            AffiliateRecord { affiliate, coupons: Vec::new(), paid: Vec::new(), currency: merchant.settings.currency };
        self.add_personal_coupon(&mut set, &merchant, &mut record, None, now);
        let body = self.context.renderer.object(Resource::Affiliate(&record));
        self.context.announce(&mut set, &merchant, Topic::AffiliateCreated, now, &body);
        if record.affiliate.status == AffiliateStatus::Approved {
            self.context.announce(&mut set, &merchant, Topic::AffiliateApproved, now, &body);
        }
        Ok((set, Response::first(ResponseStatus::Created, body)))
    }

    /// Changes one.
    pub async fn change(
        &self,
        who: &Principal,
        id: AffiliateId,
        command: ChangeAffiliateCommand,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let lanes: &[Lane] = if command.parent_email.is_some() { &[lanes::tree(who.merchant_id)] } else { &[] };
        let keys = AffiliateKeys {
            slug: command.change.slug.clone(),
            email: command.change.email.clone(),
            parent_email: command.parent_email.clone().flatten(),
            tier_id: command.change.tier_id.flatten(),
        };
        let load = || self.reads.affiliate_change_facts(who.merchant_id, id, &keys);
        self.context.run(who.merchant_id, request, lanes, load, |facts| self.changed(who, &command, facts)).await
    }

    fn changed(
        &self,
        who: &Principal,
        command: &ChangeAffiliateCommand,
        facts: AffiliateChangeFacts,
    ) -> Result<(ChangeSet, Response), AppError> {
        let AffiliateChangeFacts {
            merchant,
            mut record,
            version,
            slug_owner,
            email_owner,
            parent_chain,
            parent,
            tier,
            tree,
        } = facts;
        let before = record.affiliate.clone();
        check_owner("slug", slug_owner, before.id)?;
        check_owner("email", email_owner, before.id)?;
        if command.change.tier_id.flatten().is_some() && tier.is_none() {
            return Err(Refusal::invalid("tier_id", NO_TIER).into());
        }
        let parent_id = match &command.parent_email {
            None => None,
            Some(None) => Some(None),
            Some(Some(_)) => Some(Some(wanted_parent(who, before.id, &parent_chain)?)),
        };
        let now = merchant.row.clock.at(self.context.now());
        let after = before.changed(AffiliateChange { parent_id, ..command.change.clone() }, now)?;
        let mut set = self.context.set_for(&merchant)?;
        let merchant = merchant.row;
        if (Affiliate { updated_at: before.updated_at, ..after.clone() }) != before {
            let id = after.id.uuid();
            for (space, old, new) in [
                (Space::AffiliateSlug, before.slug.as_str().to_owned(), after.slug.as_str().to_owned()),
                (Space::AffiliateEmail, before.email.folded(), after.email.folded()),
            ] {
                if old != new {
                    set.claim(space, new, id);
                    set.free(space, old, id);
                }
            }
            if let Some(tier) = tier.filter(|tier| before.tier_id != Some(tier.row.id)) {
                set.rows.tiers.change(tier.version, tier.row);
            }
            if before.parent_id != after.parent_id {
                set.rows.trees.change(tree, Tree { merchant_id: merchant.id });
                if let (Some(parent_id), Some(version)) = (after.parent_id, parent) {
                    set.unchanged.push((RowRef { table: Affiliate::TABLE, id: parent_id.uuid() }, version));
                }
            }
            record.affiliate = after.clone();
            self.add_personal_coupon(&mut set, &merchant, &mut record, Some(before.status), now);
            set.rows.affiliates.change(version, after);
            let resource = Resource::Affiliate(&record);
            let topic = topic_of(before.status, record.affiliate.status);
            self.context.announce_resource(&mut set, &merchant, topic, record.affiliate.updated_at, resource);
        }
        let body = self.context.renderer.object(Resource::Affiliate(&record));
        Ok((set, Response::first(ResponseStatus::Ok, body)))
    }

    /// Adds the coupon that an approval makes, where the settings say so.
    fn add_personal_coupon(
        &self,
        set: &mut ChangeSet,
        merchant: &Merchant,
        record: &mut AffiliateRecord,
        before: Option<AffiliateStatus>,
        now: Timestamp,
    ) {
        if !merchant.settings.auto_coupon_on_approval || !coupon_on_approval(before, record.affiliate.status) {
            return;
        }
        let random = self.context.ids.letters(CouponCode::RANDOM_LETTERS, CouponCode::RANDOM_LENGTH);
        let code = CouponCode::personal(&record.affiliate.slug, &random);
        let coupon = Coupon { id: self.context.ids.id(), affiliate_id: record.affiliate.id, code, created_at: now };
        set.claim(Space::CouponCode, coupon.code.as_str(), coupon.id.uuid());
        self.context.announce_resource(set, merchant, Topic::CouponCreated, now, Resource::Coupon(&coupon));
        record.coupons.push(coupon.code.clone());
        set.rows.coupons.insert(coupon);
    }
}

fn check_new(who: &Principal, command: &CreateAffiliateCommand, facts: &NewAffiliateFacts) -> Result<(), Refusal> {
    if command.parent_email.is_some() && !who.plan.allows_parents() {
        return Err(Refusal::Plan(PARENT_PLAN.to_owned()));
    }
    if let Some(seats) = who.plan.affiliate_seats().filter(|&seats| facts.seats_taken >= seats) {
        return Err(Refusal::Plan(format!("The {} plan has {seats} affiliate seats.", who.plan.as_str())));
    }
    if command.parent_email.is_some() && facts.parent.is_none() {
        return Err(Refusal::invalid("parent_email", NO_PARENT));
    }
    if command.affiliate.tier_id.is_some() && facts.tier.is_none() {
        return Err(Refusal::invalid("tier_id", NO_TIER));
    }
    if command.affiliate.slug.is_some() && facts.slug_owner.is_some() {
        return Err(Refusal::Exists { field: "slug" });
    }
    if facts.email_owner.is_some() {
        return Err(Refusal::Exists { field: "email" });
    }
    Ok(())
}

fn check_owner(field: &'static str, owner: Option<uuid::Uuid>, own: AffiliateId) -> Result<(), Refusal> {
    if owner.is_some_and(|owner| owner != own.uuid()) { Err(Refusal::Exists { field }) } else { Ok(()) }
}

fn wanted_parent(who: &Principal, child: AffiliateId, chain: &[AffiliateId]) -> Result<AffiliateId, Refusal> {
    if !who.plan.allows_parents() {
        return Err(Refusal::Plan(PARENT_PLAN.to_owned()));
    }
    let parent = chain.first().copied().ok_or_else(|| Refusal::invalid("parent_email", NO_PARENT))?;
    parent_chain_allows(child, chain)?;
    Ok(parent)
}

fn topic_of(before: AffiliateStatus, after: AffiliateStatus) -> Topic {
    match after {
        _ if before == after => Topic::AffiliateUpdated,
        AffiliateStatus::Approved => Topic::AffiliateApproved,
        AffiliateStatus::Suspended => Topic::AffiliateSuspended,
        AffiliateStatus::Rejected => Topic::AffiliateRejected,
        AffiliateStatus::Pending => Topic::AffiliateUpdated,
    }
}
