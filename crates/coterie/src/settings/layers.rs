//! From files and environment to settings.

use super::Settings;
use config::{Config, ConfigError, File, FileFormat, Source};
use std::{
    collections::{BTreeMap, HashMap},
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
};

/// The complete defaults, which are also the documentation.
const DEFAULTS: &str = include_str!("../../../../config/default.toml");
const PREFIX: &str = "COTERIE__";
/// Names the environment's file.
const NAME: &str = "COTERIE_ENV";
/// The settings that may come from a file of their own.
const SECRETS: [&str; 5] =
    ["server.secret", "server.pepper", "server.earlier_peppers", "database.url", "smtp.password"];

/// Why the server cannot start as it is configured: which setting, and what was expected. Shows no value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{key}: {expected}{}", Whence(.origin.as_deref()))]
pub(crate) struct SettingsError {
    /// The setting, as `http.addr`, or the name of a file.
    key: String,
    /// What was expected.
    expected: String,
    /// Where it was set, where that is known.
    origin: Option<String>,
}

struct Whence<'a>(Option<&'a str>);

impl fmt::Display for Whence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |origin| write!(f, " (set in {origin})"))
    }
}

impl SettingsError {
    pub(crate) fn of(key: impl Into<String>, expected: impl Into<String>) -> Self {
        Self { key: key.into(), expected: expected.into(), origin: None }
    }

    /// Rewrites an error of the configuration library, which puts the value into some of its texts.
    fn from_library(error: ConfigError) -> Self {
        match error {
            ConfigError::At { error, origin, key } => {
                let inner = Self::from_library(*error);
                // An unknown key of a section is reported at the section.
                let key = match (key, inner.key.as_str()) {
                    (Some(section), "") => section,
                    (Some(section), name) => format!("{section}.{name}"),
                    (None, name) => name.to_owned(),
                };
                Self { key, origin: origin.or(inner.origin), ..inner }
            }
            ConfigError::Type { origin, expected, key, .. } => {
                Self { key: key.unwrap_or_default(), expected: format!("must be {expected}"), origin }
            }
            ConfigError::NotFound(key) => Self::of(key, "must be set"),
            ConfigError::FileParse { uri, cause } => {
                Self::of(uri.unwrap_or_default(), without_excerpt(&cause.to_string()))
            }
            ConfigError::Message(text) => {
                if let Some((field, expected)) = after("unknown field `", "`, ", &text) {
                    return Self::of(field, format!("is no setting; {expected}"));
                }
                match after("invalid type: ", ", expected ", &text) {
                    Some((_, expected)) => Self::of("", format!("must be {expected}")),
                    None => Self::of("", text),
                }
            }
            other => Self::of("", other.to_string()),
        }
    }
}

/// Splits one of serde's messages into the text between `start` and `middle`, and the rest.
fn after<'a>(start: &str, middle: &str, text: &'a str) -> Option<(&'a str, &'a str)> {
    text.strip_prefix(start)?.split_once(middle)
}

/// Drops the lines that a TOML error quotes from the file, which may be secret.
fn without_excerpt(text: &str) -> String {
    text.lines().filter(|line| !line.contains(" |")).collect::<Vec<_>>().join("; ")
}

/// The process's environment, as far as it concerns the settings.
#[derive(Debug, Clone, Default)]
pub(crate) struct Environment(BTreeMap<String, String>);

impl Environment {
    /// Keeps what begins with `COTERIE_`. A value that is no text is refused.
    pub(crate) fn new(variables: impl IntoIterator<Item = (OsString, OsString)>) -> Result<Self, SettingsError> {
        let ours = variables.into_iter().filter_map(|(name, value)| Some((name.into_string().ok()?, value)));
        let ours = ours.filter(|(name, _)| name == NAME || name.starts_with(PREFIX));
        let read = |(name, value): (String, OsString)| match value.into_string() {
            Ok(value) => Ok((name, value)),
            Err(_) => Err(SettingsError::of(name, "must be UTF-8")),
        };
        ours.map(read).collect::<Result<_, _>>().map(Self)
    }

    /// The environment's file, if one is named.
    fn file(&self) -> Result<Option<PathBuf>, SettingsError> {
        let Some(name) = self.0.get(NAME).filter(|name| !name.is_empty()) else { return Ok(None) };
        let sound = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_');
        if sound {
            Ok(Some(Path::new("config").join(format!("{name}.toml"))))
        } else {
            Err(SettingsError::of(NAME, "must be a name of letters, digits, - and _"))
        }
    }

    /// The settings among the variables, as `http.addr`; the twins of secrets are read from their files.
    fn settings(&self) -> Result<HashMap<String, (String, String)>, SettingsError> {
        let mut settings = HashMap::new();
        for (variable, value) in &self.0 {
            let Some(name) = variable.strip_prefix(PREFIX) else { continue };
            let key = name.to_ascii_lowercase().replace("__", ".");
            // Below an existing setting it would be merged away without a word.
            if key.matches('.').count() > 1 {
                return Err(SettingsError::of(key, format!("is no setting (set in {variable})")));
            }
            let twin = key.strip_suffix("_file").filter(|secret| SECRETS.contains(secret)).map(str::to_owned);
            let (key, value) = match twin {
                Some(secret) => (secret, secret_file(variable, value)?),
                None => (key, value.clone()),
            };
            if let Some((_, other)) = settings.insert(key.clone(), (value, variable.clone())) {
                return Err(SettingsError::of(key, format!("must not be set twice: by {other} and by {variable}")));
            }
        }
        Ok(settings)
    }
}

/// A secret from its own file, without the line break at its end.
fn secret_file(variable: &str, path: &str) -> Result<String, SettingsError> {
    let unreadable = |error| SettingsError::of(variable, format!("must name a file with the secret: {error}"));
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}

/// Variables as a source of settings.
#[derive(Debug, Clone)]
struct Variables(HashMap<String, (String, String)>);

impl Source for Variables {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<config::Map<String, config::Value>, ConfigError> {
        let of = |(key, (value, variable)): (&String, &(String, String))| {
            (key.clone(), config::Value::new(Some(variable), value.as_str()))
        };
        Ok(self.0.iter().map(of).collect())
    }
}

/// Where a setting was last set.
fn origin_of(layers: &Config, key: &str) -> Option<String> {
    let (section, name) = key.split_once('.')?;
    let name = name.split('[').next()?;
    let sections = layers.collect().ok()?;
    let settings = sections.get(section)?.clone().into_table().ok()?;
    settings.get(name)?.origin().map(str::to_owned)
}

/// The settings: defaults, the environment's file, `extra`, the environment; what is later wins.
pub(crate) fn load(environment: &Environment, extra: Option<&Path>) -> Result<Settings, SettingsError> {
    let mut layers = Config::builder().add_source(File::from_str(DEFAULTS, FileFormat::Toml));
    for path in environment.file()?.as_deref().into_iter().chain(extra) {
        let unreadable = |error| SettingsError::of(path.display().to_string(), format!("cannot be read: {error}"));
        std::fs::metadata(path).map_err(unreadable)?;
        layers = layers.add_source(File::from(path).format(FileFormat::Toml));
    }
    let layers = layers.add_source(Variables(environment.settings()?));
    let layers = layers.build().map_err(SettingsError::from_library)?;
    let settings: Settings = layers.clone().try_deserialize().map_err(|error| {
        let error = SettingsError::from_library(error);
        SettingsError { origin: error.origin.or_else(|| origin_of(&layers, &error.key)), ..error }
    })?;
    match settings.clash() {
        Some((key, expected)) => Err(SettingsError::of(key, expected)),
        None => Ok(settings),
    }
}
