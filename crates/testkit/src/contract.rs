//! What every storage adapter must do, as cases that run against any of them.
//!
//! An adapter's test file has one line beside its fixture: `testkit::storage_contract!(fixture);`. The fixture is an
//! `async fn() -> Nodes`: two instances of the adapter, as two server nodes would have them, on one fresh database.
//!
//! # Adding a case
//! Write `pub(crate) async fn name(nodes: &Nodes)` in the module of its subject and name it in the list of
//! [`contract_cases!`](crate::contract_cases). A case that is not in the list is dead code and does not compile clean;
//! one that is runs on every adapter.

mod affiliate_facts;
mod affiliates;
mod atomic;
mod claims;
mod clicks;
mod commissions;
mod conflicts;
mod coupons;
mod customers;
mod erasure;
mod event_facts;
mod events;
mod freshness;
mod groups;
mod inspection;
mod joins;
mod keys;
mod lanes;
mod leases;
mod limits;
mod mails;
mod maturing;
mod merchants;
mod orders;
mod paging;
mod payouts;
mod program;
mod promotion;
mod races;
mod random_plan;
mod random_sets;
mod refunds;
mod responses;
mod searches;
mod sequence;
mod settle;
mod tables;
mod wiping;

pub use sequence::Sequence;

use ports::Storage;
use std::{any::Any, fmt, sync::Arc, time::Duration};

/// Two nodes on one fresh database.
pub struct Nodes {
    /// One node. Cases that need only one use this.
    pub one: Arc<dyn Storage>,
    /// The other.
    pub two: Arc<dyn Storage>,
    #[allow(dead_code, reason = "held for its drop, after the nodes")]
    keep: Box<dyn Any + Send>,
}

impl Nodes {
    /// Two adapters, and what must outlive them: the folder or the cluster of the database.
    pub fn new(one: impl Storage + 'static, two: impl Storage + 'static, keep: impl Any + Send) -> Self {
        Self { one: Arc::new(one), two: Arc::new(two), keep: Box::new(keep) }
    }

    /// Either node, in turn.
    fn turn(&self, n: usize) -> Arc<dyn Storage> {
        Arc::clone(if n.is_multiple_of(2) { &self.one } else { &self.two })
    }
}

/// Runs a case, and fails it if it hangs, as with an adapter that deadlocks. It does not assert speed; a case takes
/// some seconds.
#[doc(hidden)]
pub async fn or_hung(case: impl Future<Output = ()>) {
    let longest = Duration::from_secs(300);
    tokio::time::timeout(longest, case).await.expect("the case hangs");
}

impl fmt::Debug for Nodes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Nodes(…)")
    }
}

/// The list of cases, handed to another macro of this crate: `$then!(… ; module { case … } …)`.
#[doc(hidden)]
#[macro_export]
macro_rules! contract_cases {
    ($then:ident $(, $given:ident)?) => {
        $crate::$then! {
            $($given)? ;
            merchants {
                settings_and_organizations_come_back_whole
                slugs_are_found_on_the_whole_server
                settings_facts_say_who_has_the_slug_and_whether_anything_was_earned
                organizations_are_walked_in_the_order_of_their_ids
            }
            keys {
                a_key_comes_back_whole_with_what_decides_about_it
                a_key_is_found_by_any_of_its_hashes
                the_keys_of_an_organization_are_listed_newest_first
                the_latest_use_of_a_key_stays
                simultaneous_uses_of_a_key_do_not_harm_one_another
            }
            responses {
                an_answer_is_kept_to_the_byte_in_its_own_scope
                a_kept_answer_keeps_its_place_until_it_expires
                answers_are_forgotten_when_they_expired_the_oldest_first
            }
            affiliates {
                an_affiliate_comes_back_whole
                a_record_shows_codes_oldest_first_and_what_was_paid
                affiliates_are_listed_newest_first
                affiliates_are_filtered
            }
            affiliate_facts {
                what_making_an_affiliate_needs
                seats_and_chains_are_counted_up_to_a_thousand
                what_changing_an_affiliate_needs
                a_chain_of_parents_goes_to_the_root
                a_cycle_of_parents_ends_the_chain
            }
            coupons {
                a_coupon_comes_back_whole
                coupons_are_listed_newest_first
                coupons_are_filtered
                what_making_a_coupon_needs
            }
            program {
                a_tier_comes_back_whole
                a_rule_comes_back_whole
                tiers_are_listed_newest_first_and_filtered
                rules_are_listed_newest_first_and_filtered
                what_making_and_changing_a_tier_needs
                what_a_rule_names_is_found
                an_event_brings_tiers_and_rules_where_there_are_some
            }
            promotion {
                whoever_is_credited_in_the_window_is_a_candidate
                every_affiliate_aspires_where_there_are_tiers
                totals_are_what_the_affiliate_has_reached
            }
            clicks {
                a_link_is_found_by_its_two_slugs
                a_click_of_any_size_is_kept
            }
            events {
                an_event_comes_back_whole
                an_event_shows_what_it_earned_by_level
                events_are_listed_newest_first
                events_are_filtered
            }
            event_facts {
                an_event_that_names_nothing_needs_the_merchant
                what_recording_an_event_needs
                many_events_are_looked_up_at_once
                lookups_of_one_moment_do_not_mix
                an_external_id_is_looked_up_in_its_space
                a_customers_bond_is_found_by_the_first_key_that_is_taken
                five_levels_of_parents_come_along
                the_latest_clicks_and_the_earliest_in_the_window_are_chosen
                the_window_follows_the_merchants_clock
            }
            commissions {
                a_commission_comes_back_whole
                commissions_are_listed_newest_first
                commissions_are_filtered
                what_moving_a_commission_needs
            }
            refunds {
                what_taking_a_sale_back_needs
                the_order_that_a_sale_is_comes_with_it
                the_sales_of_an_order_are_found_two_at_the_most
                of_many_refunds_never_more_than_is_left_is_taken
            }
            customers {
                a_customer_comes_back_whole
                customers_are_listed_in_any_order_and_searched
                what_making_or_changing_a_customer_needs
            }
            orders {
                an_order_comes_back_whole
                orders_are_listed_in_any_order_and_searched
                the_latest_orders_tell_the_pace
                what_placing_an_order_needs
                what_moving_an_order_needs
                what_showing_sessions_needs
                held_cashback_is_due_by_the_merchants_clock
            }
            groups {
                a_group_comes_back_whole
                groups_are_listed_in_any_order_and_searched
                a_group_is_found_by_its_code_and_shows_who_takes_part
                what_opening_a_group_needs
                group_settings_come_back_whole
                groups_are_due_by_the_merchants_clock
            }
            searches {
                customers_are_found_by_each_field
                orders_are_found_by_each_field
                groups_are_found_by_each_field
            }
            joins {
                of_many_joins_for_the_last_place_one_wins
                of_many_joins_with_one_address_one_wins
                who_joins_as_the_group_closes_is_in_it_or_refused
            }
            erasure {
                what_tells_who_a_customer_is_is_found
                what_tells_who_an_affiliate_is_is_found
                events_that_tell_are_found_a_part_at_a_time
                announcements_are_read_through_and_rewritten
                kept_answers_are_read_through_and_blanked
                clicks_of_an_affiliate_are_forgotten_a_part_at_a_time
            }
            mails {
                a_mail_comes_back_whole
                mails_are_due_at_their_time_whatever_a_merchants_clock_says
                mails_are_forgotten_by_their_age_the_oldest_first
            }
            maturing {
                what_is_due_is_found_at_its_time_and_not_before
                only_what_is_pending_with_an_approved_affiliate_is_due
                a_clock_that_is_ahead_decides_for_its_merchant
                what_maturing_needs
            }
            leases {
                a_lease_is_one_holders_until_its_time_is_over
                a_lease_that_was_given_back_is_free
                of_many_that_want_a_lease_one_gets_it
            }
            wiping {
                a_wiped_merchant_has_its_keys_and_nothing_else
                two_nodes_wipe_a_merchant_together
                merchants_that_are_being_reset_are_found
            }
            payouts {
                a_payout_comes_back_whole
                only_sealed_payouts_are_shown
                payouts_are_listed_newest_first_and_filtered
                items_are_listed_and_filtered
                what_a_payment_file_needs
                what_building_a_payout_needs
                what_is_due_is_cut_into_steps
                what_settling_a_payout_needs
                unsealed_payouts_are_found_the_oldest_first
                payouts_at_once_share_no_row
            }
            freshness {
                a_taken_key_is_never_older_than_its_row
            }
            atomic {
                a_lost_set_leaves_nothing_behind
                a_won_set_is_there_in_every_part
                a_set_that_cannot_be_written_harms_no_other
                an_empty_set_is_committed
            }
            conflicts {
                a_stale_version_conflicts_in_every_table
                a_missing_row_conflicts
                what_was_held_still_must_not_have_moved
                many_may_hold_a_row_still_at_once
                another_merchants_row_is_no_row
                the_servers_own_rows_are_anybodys
            }
            claims {
                a_taken_key_conflicts_in_every_space
                a_key_is_taken_within_its_merchant_or_on_the_whole_server
                a_freed_key_can_be_taken_again
                nobody_gives_back_what_another_has
            }
            limits {
                a_set_of_four_thousand_rows_is_taken_and_one_more_is_not
            }
            lanes {
                who_has_the_lane_meets_no_conflict
                lanes_taken_in_any_order_do_not_lock_up
            }
            races {
                of_many_claims_of_a_key_one_wins
                of_many_changes_of_a_row_one_wins
                of_many_answers_to_a_request_one_is_kept
                two_affiliates_do_not_become_each_others_parents
                independent_sets_all_succeed
                shuffled_claims_from_two_nodes_only_conflict
                shuffled_rows_from_two_nodes_only_conflict
                counting_by_version_loses_no_step
            }
            random_sets {
                simultaneous_sets_come_out_as_if_one_after_the_other
            }
            inspection {
                a_storage_is_ready_and_sound_when_new
                ordinary_writing_leaves_no_difference
                every_planted_difference_is_found
                no_more_differences_are_told_than_were_asked_for
                a_sale_is_compared_however_many_there_are
            }
        }
    };
}

/// Makes the cases reachable for the macro that stamps them, and only those in the list.
#[doc(hidden)]
#[macro_export]
macro_rules! publish_cases {
    (; $($module:ident { $($case:ident)* })*) => {
        /// The cases in the list.
        #[doc(hidden)]
        pub mod cases {
            $(pub mod $module {
                $(pub async fn $case(nodes: &$crate::contract::Nodes) {
                    $crate::contract::$module::$case(nodes).await;
                })*
            })*
        }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! stamp_cases {
    ($fixture:ident; $($module:ident { $($case:ident)* })*) => {
        $(mod $module {
            $(#[::tokio::test(flavor = "multi_thread")]
            async fn $case() {
                let nodes: $crate::contract::Nodes = super::$fixture().await;
                $crate::contract::or_hung($crate::contract::cases::$module::$case(&nodes)).await;
            })*
        })*
    };
}

/// Stamps every case of the contract as a test of one adapter. Takes the name of an `async fn() -> Nodes` of the same
/// module, called anew for every case.
#[macro_export]
macro_rules! storage_contract {
    ($fixture:ident) => {
        $crate::contract_cases!(stamp_cases, $fixture);
    };
}

crate::contract_cases!(publish_cases);
