//! Commission rules: list, get, create, change, delete.

use crate::{AppError, IdempotentRequest, Principal, Response, context::UseCaseContext};
use domain::{CommissionRule, NewRule, Refusal, RuleChange, RuleId, RuleScope, ShortText};
use ports::{
    ChangeSet, IdSourceExt, Page, PageRequest, ProgramReads, Resource, ResponseStatus, RuleFacts, RuleFilter,
    RuleNames, Topic, Versioned,
};
use std::sync::Arc;

/// The use cases of commission rules.
pub struct Rules {
    context: Arc<UseCaseContext>,
    reads: Arc<dyn ProgramReads>,
}

impl Rules {
    pub(crate) fn new(context: Arc<UseCaseContext>, reads: Arc<dyn ProgramReads>) -> Self {
        Self { context, reads }
    }

    /// One rule.
    pub async fn get(&self, who: &Principal, id: RuleId) -> Result<CommissionRule, AppError> {
        Ok(self.reads.rule(who.merchant_id, id).await?.ok_or(Refusal::NotFound)?)
    }

    /// A page of them.
    pub async fn list(
        &self,
        who: &Principal,
        filter: &RuleFilter,
        page: &PageRequest,
    ) -> Result<Page<CommissionRule>, AppError> {
        Ok(self.reads.rules(who.merchant_id, filter, page).await?)
    }

    /// Makes one.
    pub async fn create(
        &self,
        who: &Principal,
        command: NewRule,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let names = names(command.scope.reference().as_deref());
        let load = || self.reads.rule_facts(who.merchant_id, None, names);
        self.context.run(who.merchant_id, request, &[], load, |facts| self.created(&command, facts)).await
    }

    fn created(&self, command: &NewRule, facts: RuleFacts) -> Result<(ChangeSet, Response), AppError> {
        let merchant = &facts.merchant;
        let now = merchant.row.clock.at(self.context.now());
        let mut set = self.context.set_for(merchant)?;
        let rule = CommissionRule::create(self.context.ids.id(), command.clone(), now)?;
        hold_what_it_names(&mut set, &rule.scope, &facts)?;
        // Two requests that take the last place at once conflict on the merchant's row.
        set.rows.merchants.change(merchant.version, merchant.row.with_one_more_rule()?);
        let body = self.context.renderer.object(Resource::CommissionRule(&rule));
        self.context.announce(&mut set, &merchant.row, Topic::CommissionRuleCreated, now, &body);
        set.rows.commission_rules.insert(rule);
        Ok((set, Response::first(ResponseStatus::Created, body)))
    }

    /// Changes one. What was earned by it stays.
    pub async fn change(
        &self,
        who: &Principal,
        id: RuleId,
        command: RuleChange,
        request: Option<IdempotentRequest>,
    ) -> Result<Response, AppError> {
        let names = names(command.reference.as_ref().and_then(Option::as_ref).map(ShortText::as_str));
        let load = || self.reads.rule_facts(who.merchant_id, Some(id), names);
        self.context.run(who.merchant_id, request, &[], load, |facts| self.changed(&command, facts)).await
    }

    fn changed(&self, command: &RuleChange, facts: RuleFacts) -> Result<(ChangeSet, Response), AppError> {
        let Versioned { row: before, version } = facts.rule.clone().ok_or(Refusal::NotFound)?;
        let merchant = &facts.merchant.row;
        let now = merchant.clock.at(self.context.now());
        let mut set = self.context.set_for(&facts.merchant)?;
        let after = before.changed(command.clone(), now)?;
        if after.scope != before.scope {
            hold_what_it_names(&mut set, &after.scope, &facts)?;
        }
        let is_same = CommissionRule { updated_at: before.updated_at, ..after.clone() } == before;
        let after = if is_same { before } else { after };
        let body = self.context.renderer.object(Resource::CommissionRule(&after));
        if !is_same {
            self.context.announce(&mut set, merchant, Topic::CommissionRuleUpdated, after.updated_at, &body);
            set.rows.commission_rules.change(version, after);
        }
        Ok((set, Response::first(ResponseStatus::Ok, body)))
    }

    /// Deletes one. What was earned by it stays.
    pub async fn delete(&self, who: &Principal, id: RuleId) -> Result<Response, AppError> {
        let load = || self.reads.rule_facts(who.merchant_id, Some(id), RuleNames::default());
        self.context.run(who.merchant_id, None, &[], load, |facts| self.deleted(facts)).await
    }

    fn deleted(&self, facts: RuleFacts) -> Result<(ChangeSet, Response), AppError> {
        let RuleFacts { merchant, rule, affiliate: _, tier: _ } = facts;
        let rule = rule.ok_or(Refusal::NotFound)?;
        let now = merchant.row.clock.at(self.context.now());
        let mut set = self.context.set_for(&merchant)?;
        set.rows.merchants.change(merchant.version, merchant.row.with_one_rule_less());
        set.rows.commission_rules.delete(&rule);
        let resource = Resource::CommissionRule(&rule.row);
        self.context.announce_resource(&mut set, &merchant.row, Topic::CommissionRuleDeleted, now, resource);
        Ok((set, Response::first(ResponseStatus::NoContent, Vec::new())))
    }
}

/// What a reference may name, going by its form.
fn names(reference: Option<&str>) -> RuleNames {
    RuleNames {
        affiliate_id: reference.and_then(|text| text.parse().ok()),
        tier_id: reference.and_then(|text| text.parse().ok()),
    }
}

/// What a scope names must be there, and stay until the rule is.
fn hold_what_it_names(set: &mut ChangeSet, scope: &RuleScope, facts: &RuleFacts) -> Result<(), Refusal> {
    match (scope, &facts.affiliate, &facts.tier) {
        (RuleScope::Affiliate(_), Some(affiliate), _) => set.expect_unchanged(affiliate),
        (RuleScope::Affiliate(_), None, _) => return Err(Refusal::invalid("scope_ref", RuleScope::NO_AFFILIATE)),
        (RuleScope::Tier(_), _, Some(tier)) => set.expect_unchanged(tier),
        (RuleScope::Tier(_), _, None) => return Err(Refusal::invalid("scope_ref", RuleScope::NO_TIER)),
        (RuleScope::Product(_) | RuleScope::Category(_) | RuleScope::Global, ..) => {}
    }
    Ok(())
}
