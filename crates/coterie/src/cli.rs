//! The command line (docs/operations.md).

use clap::{Args, Parser, Subcommand};
use domain::{ApiKey, ApiKeyId, Currency, KeyName, Mode, OrganizationId, OrganizationName, Plan, Scopes};
use std::{path::PathBuf, str::FromStr, time::Duration};

/// Affiliates, commissions and referrals behind one REST API.
#[derive(Debug, Parser)]
#[command(name = "coterie", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    /// Read settings from FILE; it overrides config/<COTERIE_ENV>.toml and is overridden by COTERIE__… variables
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The command; serve if absent
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve the API until SIGTERM or SIGINT
    Serve,
    /// Bring the database up to date and exit
    Migrate,
    /// Organizations
    #[command(subcommand)]
    Org(OrgCommand),
    /// API keys
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Print the OpenAPI document
    Openapi {
        /// Without second spellings of the same operations: to generate clients from
        #[arg(long)]
        core: bool,
    },
    /// The settings
    #[command(subcommand)]
    Config(ConfigCommand),
    /// Recompute every balance from its rows; exit 1 on a difference
    Reconcile,
    /// Ask the server that runs with these settings whether it is ready; exit 1 if not
    Healthcheck,
}

/// Commands about organizations.
#[derive(Debug, Subcommand)]
pub(crate) enum OrgCommand {
    /// Create an organization with a test and a live merchant
    Create {
        /// Its name
        #[arg(long, value_parser = OrganizationName::parse)]
        name: OrganizationName,
        /// Its plan: free, starter, growth or enterprise
        #[arg(long, default_value = Plan::Growth.as_str())]
        plan: Plan,
        /// The initial currency of its merchants
        #[arg(long, default_value = "USD")]
        currency: Currency,
        #[command(flatten)]
        shape: Shape,
    },
    /// List the organizations
    List {
        #[command(flatten)]
        shape: Shape,
    },
    /// Change an organization's plan
    SetPlan {
        /// Its id, as org_…
        #[arg(value_name = "ORG")]
        organization: OrganizationId,
        /// free, starter, growth or enterprise
        plan: Plan,
        #[command(flatten)]
        shape: Shape,
    },
}

/// Commands about keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// Create a key and show it, once
    Create {
        /// The organization's id, as org_…
        #[arg(long = "org", value_name = "ORG")]
        organization: OrganizationId,
        /// test or live
        #[arg(long)]
        mode: Mode,
        /// A name for people
        #[arg(long, value_parser = KeyName::parse)]
        name: KeyName,
        /// Any of read,write,admin
        #[arg(long, default_value = "read,write,admin", value_parser = Scopes::parse)]
        scopes: Scopes,
        /// Requests per minute
        #[arg(long, value_name = "N", default_value_t = ApiKey::DEFAULT_RATE_LIMIT,
              value_parser = clap::value_parser!(u32).range(1..=ApiKey::MOST_RATE_LIMIT.into()))]
        rate_limit: u32,
        /// How long it is valid: a number and s, m (minutes), h, d or w, as 90d; without an end if absent
        #[arg(long, value_name = "SPAN")]
        expires_in: Option<Span>,
        #[command(flatten)]
        shape: Shape,
    },
    /// List the keys of an organization
    List {
        /// The organization's id, as org_…
        #[arg(long = "org", value_name = "ORG")]
        organization: OrganizationId,
        #[command(flatten)]
        shape: Shape,
    },
    /// Replace a key by a new one with the same rights and show the new one, once
    Roll {
        /// The key's id, as key_…
        #[arg(value_name = "KEY_ID")]
        key: ApiKeyId,
        /// How long the old key stays valid: a number and s, m (minutes), h, d or w, as 24h, or 0
        #[arg(long, value_name = "SPAN", default_value = "24h")]
        overlap: Span,
        #[command(flatten)]
        shape: Shape,
    },
    /// Revoke a key, immediately and for good
    Revoke {
        /// The key's id, as key_…
        #[arg(value_name = "KEY_ID")]
        key: ApiKeyId,
        #[command(flatten)]
        shape: Shape,
    },
}

/// Commands about the settings.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check the settings; exit 78 if one is wrong
    Check,
}

/// How a result is printed.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Shape {
    /// Print JSON alone
    #[arg(long)]
    pub(crate) json: bool,
}

/// A span of time in words: a whole number and one of s, m, h, d, w; or 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span(pub(crate) Duration);

impl Span {
    const LONGEST: Duration = Duration::from_secs(100 * 366 * 86_400);
}

impl FromStr for Span {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "0" {
            return Ok(Self(Duration::ZERO));
        }
        let split = text.len().saturating_sub(1);
        let seconds = match text.split_at_checked(split) {
            Some((number, unit)) => number.parse::<u64>().ok().zip(seconds_of(unit)),
            None => None,
        };
        let span = seconds.and_then(|(number, unit)| number.checked_mul(unit)).map(Duration::from_secs);
        span.filter(|span| *span <= Self::LONGEST)
            .map(Self)
            .ok_or("must be a whole number and one of s, m, h, d, w, as 90d, or 0, and at most 100 years")
    }
}

fn seconds_of(unit: &str) -> Option<u64> {
    match unit {
        "s" => Some(1),
        "m" => Some(60),
        "h" => Some(3_600),
        "d" => Some(86_400),
        "w" => Some(7 * 86_400),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    fn parse(line: &str) -> Result<Cli, String> {
        Cli::try_parse_from(line.split(' ')).map_err(|error| error.to_string())
    }

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn serve_is_the_default_and_config_goes_anywhere() {
        assert!(parse("coterie").unwrap().command.is_none());
        let cli = parse("coterie serve --config a.toml").unwrap();
        assert!(matches!(cli.command, Some(Command::Serve)) && cli.config == Some("a.toml".into()));
    }

    #[test]
    fn a_key_is_asked_for_as_documented() {
        let organization = OrganizationId::from_uuid(uuid::Uuid::from_u128(1));
        let line = format!(
            "coterie keys create --org {organization} --mode live --name shop --scopes read,write --rate-limit 5 --expires-in 90d --json"
        );
        let Some(Command::Keys(KeysCommand::Create { mode, name, scopes, rate_limit, expires_in, shape, .. })) =
            parse(&line).unwrap().command
        else {
            panic!("{line}")
        };
        assert_eq!((mode, name.as_str(), rate_limit, shape.json), (Mode::Live, "shop", 5, true));
        assert_eq!((scopes.text().as_str(), expires_in), ("read,write", Some(Span(Duration::from_secs(90 * 86_400)))));
    }

    #[test]
    fn bad_arguments_are_refused_with_what_was_expected() {
        let key = ApiKeyId::from_uuid(uuid::Uuid::from_u128(1));
        let organization = OrganizationId::from_uuid(uuid::Uuid::from_u128(1));
        let create = format!("coterie keys create --org {organization} --name shop");
        for (line, said) in [
            (format!("{create} --mode prod"), "must be one of: test live"),
            (format!("{create} --mode test --scopes root"), "must be one of: read write admin"),
            (format!("{create} --mode test --rate-limit 0"), "0 is not in 1..=10000000"),
            (format!("{create} --mode test --expires-in soon"), "must be a whole number and one of s, m, h, d, w"),
            (format!("coterie org set-plan {organization} gold"), "must be one of: free starter growth enterprise"),
            (format!("coterie org set-plan {key} free"), "invalid value"),
            (format!("coterie keys revoke {organization}"), "invalid value"),
            ("coterie org create --name x --currency ZZZ".to_owned(), "invalid value"),
        ] {
            let error = parse(&line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }

    #[test]
    fn spans_are_read() {
        for (text, seconds) in [("0", 0), ("0h", 0), ("30s", 30), ("15m", 900), ("24h", 86_400), ("2w", 1_209_600)] {
            assert_eq!(text.parse(), Ok(Span(Duration::from_secs(seconds))), "{text}");
        }
        for bad in ["", "h", "24", "1.5h", "-1h", "1y", "1é", "101000d", "99999999999999999999d", "999999999999999999w"]
        {
            assert!(bad.parse::<Span>().is_err(), "{bad}");
        }
    }
}
