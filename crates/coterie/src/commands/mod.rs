//! What each command does.

mod keys;
mod org;
mod shown;

use crate::{
    cli::{Cli, Command, ConfigCommand},
    database::{self, Database, Purpose},
    failure::Failure,
    healthcheck, print, serve,
    settings::{self, Environment, Settings},
    telemetry,
    wiring::{self, Machine},
};
use adapters_http::JsonRenderer;
use app::{App, AppError};
use ports::Difference;

/// The most differences that are looked for.
const MOST_DIFFERENCES: u32 = 1_000;

/// Does what the command line asks for.
pub(crate) async fn run(cli: Cli, environment: &Environment) -> Result<(), Failure> {
    let Cli { config, command } = cli;
    if let Some(Command::Openapi { core }) = command {
        let document = if core { adapters_http::core_openapi_document() } else { adapters_http::openapi_document() };
        let document = serde_json::to_string_pretty(&document).map_err(Failure::Json)?;
        return Ok(print::result(&document)?);
    }
    let settings = settings::load(environment, config.as_deref())?;
    telemetry::start_logs(&settings.log);
    match command.unwrap_or(Command::Serve) {
        Command::Serve => serve::run(settings).await,
        Command::Migrate => migrate(&settings).await,
        Command::Org(command) => with_app(&settings, async |app| org::run(app, command).await).await,
        Command::Keys(command) => with_app(&settings, async |app| keys::run(app, &JsonRenderer, command).await).await,
        Command::Reconcile => with_app(&settings, reconcile).await,
        Command::Config(ConfigCommand::Check) => {
            wiring::tls_identity(&settings.http)?;
            wiring::mailer(&settings.smtp)?;
            Ok(print::result("the settings are sound")?)
        }
        Command::Healthcheck => Ok(healthcheck::check(settings.ops.addr).await?),
        Command::Openapi { .. } => Ok(()),
    }
}

/// Runs one command on the use cases, beside a server that may be running.
async fn with_app(settings: &Settings, command: impl AsyncFnOnce(&App) -> Result<(), Failure>) -> Result<(), Failure> {
    let database = Database::open(&settings.database, Purpose::Command).await?;
    let app = wiring::app(&database, &Machine::new(), &settings.server)?;
    let done = command(&app).await;
    database.close().await;
    done
}

async fn migrate(settings: &Settings) -> Result<(), Failure> {
    let ran = database::migrate(&settings.database).await?;
    let text = if ran.is_empty() { "the database is up to date".to_owned() } else { format!("ran {}", ran.join(", ")) };
    Ok(print::result(&text)?)
}

/// Prints each difference on a line of its own.
async fn reconcile(app: &App) -> Result<(), Failure> {
    let differences = app.inspection.differences(MOST_DIFFERENCES).await.map_err(AppError::from)?;
    for Difference { rule, merchant, found } in &differences {
        let merchant = merchant.map_or_else(|| "-".to_owned(), |id| id.to_string());
        print::result(&format!("{rule}  {merchant}  {found}"))?;
    }
    if !differences.is_empty() {
        return Err(Failure::Differences(differences.len()));
    }
    Ok(print::result("everything agrees")?)
}
