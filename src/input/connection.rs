//! Where the platform is and with which key: flags, environment, `~/.cekura/config.toml`.
//!
//! The key never comes from an argument, where other processes could read it, and is kept as a
//! secret from its first byte.

use std::path::{Path, PathBuf};

use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};

use crate::api::client::Client;
use crate::api::options::{Options, Proxies, ProxyVariables};
use crate::context::Context;
use crate::failure::Failure;
use crate::input::options::Global;
use crate::input::{file, secrets};
use crate::text::without_bom;

const DEFAULT_API: &str = "https://api.cekura.ai";
const DEFAULT_DASHBOARD: &str = "https://dashboard.cekura.ai";
/// The file that systems come with has a quarter of it.
const LARGEST_CA_FILE: u64 = 1024 * 1024;
/// A key file that is longer than this is not a key file.
const LONGEST_KEY_FILE: u64 = 64 * 1024;

/// The client for the platform, wherever it is: an address on this machine may be a tunnel's.
pub(crate) fn client(global: &Global, context: &Context) -> Result<Client, Failure> {
    let config = Config::read(context);
    let url = api_url(global, context, &config)?;
    let key = key(global, context, &config)?;
    secrets::keep(|secrets| secrets.add(key.expose_secret()));
    let options = Options {
        proxies: proxies(context),
        authorities: global.ca_file.as_deref().map(authorities).transpose()?,
        ..Options::default()
    };
    Ok(Client::with(url, &key, &options)?)
}

/// The client for a simulator in this process.
pub(crate) fn to_simulator(url: Url, key: &SecretString, scale: f64) -> Result<Client, Failure> {
    let options = Options { time_scale: Some(scale), ..Options::default() };
    Ok(Client::with(url, key, &options)?)
}

/// The proxies that the environment names; otherwise the system's settings decide.
pub(crate) fn proxies(context: &Context) -> Proxies {
    let given = ProxyVariables::read(|name| context.var(name));
    if given.is_empty() { Proxies::System } else { Proxies::Given(given) }
}

/// The certificates of further authorities.
pub(crate) fn authorities(path: &Path) -> Result<Vec<u8>, Failure> {
    let refuse = |reason: String| Failure::Input { path: path.to_owned(), reason };
    file::read(path, LARGEST_CA_FILE).map_err(refuse)
}

/// The dashboard that belongs to the API; none where it can't be known.
pub(crate) fn dashboard(global: &Global, context: &Context) -> Option<String> {
    if let Some(dashboard) = context.var("CEKURA_DASHBOARD_URL") {
        return Some(dashboard.trim_end_matches('/').to_owned());
    }
    let config = Config::read(context);
    let api = given_url(global, context, &config);
    let configured = config.get("dashboard_url").map(|url| url.trim_end_matches('/').to_owned());
    let default = api.trim_end_matches('/') == DEFAULT_API;
    let known = || default.then(|| DEFAULT_DASHBOARD.to_owned()).or_else(|| beside_api(&api));
    configured.or_else(known)
}

/// The dashboard beside another address of the platform's own: `dashboard.eu.cekura.ai` beside
/// `api.eu.cekura.ai`.
fn beside_api(api: &str) -> Option<String> {
    let url = Url::parse(api).ok()?;
    let rest = url.host_str()?.strip_prefix("api.")?;
    rest.ends_with("cekura.ai").then(|| format!("https://dashboard.{rest}"))
}

fn given_url(global: &Global, context: &Context, config: &Config) -> String {
    let given = global.api_url.as_deref().or_else(|| context.var("CEKURA_API_URL"));
    // The name in the platform's own reusable workflows.
    let given = given.or_else(|| context.var("CEKURA_BASE_URL"));
    given.or_else(|| config.get("api_url")).unwrap_or(DEFAULT_API).trim().to_owned()
}

fn api_url(global: &Global, context: &Context, config: &Config) -> Result<Url, Failure> {
    let given = given_url(global, context, config);
    let refuse = |what: &str| Err(Failure::Usage(format!("the API address `{given}` {what}")));
    // Also where it is no address otherwise, and then would be repeated.
    if given.contains('@') {
        return Err(Failure::Usage(
            "the API address contains a user name or password: remove them".to_owned(),
        ));
    }
    let Ok(url) = Url::parse(&given) else {
        return refuse("is not a URL: write for example `https://api.cekura.ai`");
    };
    match url.scheme() {
        "https" => Ok(url),
        "http" if global.allow_http || is_loopback(&url) => Ok(url),
        "http" => refuse(
            "is plain http, which would send the key unencrypted: use https, or pass --allow-http",
        ),
        _ => refuse("is neither https nor http"),
    }
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let address = host.parse::<std::net::IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// Whether there is a key, or something that should be one.
pub(crate) fn has_key(global: &Global, context: &Context) -> bool {
    global.api_key_file.is_some()
        || context.not_utf8.contains_key("CEKURA_API_KEY")
        || key(global, context, &Config::read(context)).is_ok()
}

fn key(global: &Global, context: &Context, config: &Config) -> Result<SecretString, Failure> {
    if let Some(path) = &global.api_key_file {
        return key_from_file(path);
    }
    let found = context.var("CEKURA_API_KEY").or_else(|| config.get("api_key"));
    match found.map(|key| without_bom(key).trim()).filter(|key| !key.is_empty()) {
        Some(key) => Ok(SecretString::from(key)),
        None if context.not_utf8.contains_key("CEKURA_API_KEY") => Err(Failure::Credentials(
            "CEKURA_API_KEY is not UTF-8 text, so it is no API key".to_owned(),
        )),
        None => Err(Failure::Credentials(
            "no API key: set CEKURA_API_KEY, pass --api-key-file, or put `api_key = \"…\"` into \
             ~/.cekura/config.toml; to try the gate without an account, add --simulate"
                .to_owned(),
        )),
    }
}

fn key_from_file(path: &Path) -> Result<SecretString, Failure> {
    let refuse = |why: String| {
        Failure::Credentials(format!("cannot read the API key from {}: {why}", path.display()))
    };
    let text = file::read_secret(path, LONGEST_KEY_FILE).map_err(refuse)?;
    match text.trim() {
        "" => Err(refuse("it is empty".to_owned())),
        key if key.contains(char::is_whitespace) => {
            Err(refuse("it contains more than one word; write the key alone".to_owned()))
        }
        key => Ok(SecretString::from(key)),
    }
}

/// The flat `key = "value"` lines of `~/.cekura/config.toml`.
struct Config(Vec<(String, String)>);

impl Config {
    /// A file that is missing or can't be read holds nothing.
    fn read(context: &Context) -> Self {
        let path = context.home().map(|home| home.join(".cekura").join("config.toml"));
        let read = |path: PathBuf| file::read_secret(&path, LONGEST_KEY_FILE).ok();
        let text = path.and_then(read).unwrap_or_default();
        Self::parse(&text)
    }

    fn parse(text: &str) -> Self {
        let entry = |line: &str| {
            let (key, value) = line.split_once('=')?;
            let value = value.trim();
            let quoted = value.strip_prefix('"').and_then(|v| v.split('"').next());
            let value = quoted.unwrap_or_else(|| value.split('#').next().unwrap_or_default());
            Some((key.trim().to_owned(), value.trim().to_owned()))
        };
        let lines = without_bom(text).lines().map(str::trim).filter(|line| !line.starts_with('#'));
        Self(lines.filter_map(entry).collect())
    }

    fn get(&self, key: &str) -> Option<&str> {
        let found = self.0.iter().rev().find(|(name, _)| name == key);
        found.map(|(_, value)| value.as_str()).filter(|value| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_config_file_is_read_as_flat_lines() {
        let config = Config::parse(
            "\u{feff}# written by cekura login\napi_key = \"secret = 1\" # mine\napi_url = https://x\n\n[junk]\n",
        );
        assert_eq!(config.get("api_key"), Some("secret = 1"));
        assert_eq!(config.get("api_url"), Some("https://x"));
        assert_eq!(config.get("default_project_id"), None);
    }

    #[test]
    fn loopback_is_recognised_by_name_and_address() {
        for (url, loopback) in [
            ("http://localhost:1", true),
            ("http://127.8.0.1", true),
            ("http://[::1]:8", true),
            ("http://10.0.0.1", false),
            ("http://localhost.example.com", false),
        ] {
            assert_eq!(is_loopback(&Url::parse(url).unwrap()), loopback, "{url}");
        }
    }
}
