//! How the client reaches the platform: time limits, proxies, certificates.

use std::time::Duration;

use super::error::ApiError;
use super::retry::Backoff;

/// How the client reaches the platform.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Time and size limits.
    pub limits: Limits,
    /// Which proxies to use.
    pub proxies: Proxies,
    /// Certificates (PEM) of further authorities to trust.
    pub authorities: Option<Vec<u8>>,
    /// The time scale of a simulator, where it is known before its first answer: simulated seconds
    /// per second.
    pub time_scale: Option<f64>,
}

/// Time and size limits. The deadline of a request goes before each of them.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The longest that a connection may take to be made.
    pub connect: Duration,
    /// The longest silence within an answer.
    pub read: Duration,
    /// The longest that one request may take, body included.
    pub request: Duration,
    /// The waits between attempts.
    pub backoff: Backoff,
    /// After so long without a trace, a start whose answer was lost is no longer looked for.
    pub absence: Duration,
    /// The largest body of a result that is read, in bytes, decompressed.
    pub largest_result: u64,
    /// The largest other body that is read, in bytes, decompressed.
    pub largest_answer: u64,
}

impl Limits {
    /// For the platform itself.
    pub const PLATFORM: Limits = Limits {
        connect: Duration::from_secs(10),
        read: Duration::from_secs(30),
        request: Duration::from_secs(120),
        backoff: Backoff { base: Duration::from_millis(500), cap: Duration::from_secs(20) },
        absence: Duration::from_secs(600),
        largest_result: 256 << 20,
        largest_answer: 16 << 20,
    };

    /// The same for a simulator: its waits are as much shorter as its time is faster. None is
    /// shortened below a few milliseconds.
    #[must_use]
    pub fn sped_up(self, time_scale: f64) -> Limits {
        let speed = speed(time_scale);
        let shorter = |span: Duration, least| span.div_f64(speed).max(span.min(least));
        let Backoff { base, cap } = self.backoff;
        Limits {
            backoff: Backoff {
                base: shorter(base, Duration::from_millis(5)),
                cap: shorter(cap, Duration::from_millis(100)),
            },
            absence: shorter(self.absence, Duration::from_secs(1)),
            ..self
        }
    }
}

/// How many times faster than real time a simulator is asked: its time scale. Where everything is
/// over at once (0), a hundred times; a simulator that is slower than real time is asked as the
/// platform is.
pub fn speed(time_scale: f64) -> f64 {
    match time_scale {
        0.0 => 100.0,
        scale => scale.clamp(1.0, 1e6),
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::PLATFORM
    }
}

/// Which proxies to use.
#[derive(Debug, Clone, Default)]
pub enum Proxies {
    /// None, whatever the system says.
    #[default]
    None,
    /// Those of the system's settings.
    System,
    /// These.
    Given(ProxyVariables),
}

impl Proxies {
    /// Whether a proxy for plain http may be spoken to over TLS.
    fn may_need_tls(&self) -> bool {
        match self {
            Proxies::None => false,
            Proxies::System => true,
            Proxies::Given(given) => {
                let addresses = [&given.http, &given.all];
                addresses.into_iter().flatten().any(|address| address.starts_with("https:"))
            }
        }
    }
}

/// The proxies of the usual environment variables. Their addresses may hold passwords.
#[derive(Clone, Default)]
pub struct ProxyVariables {
    /// For https.
    pub https: Option<String>,
    /// For http.
    pub http: Option<String>,
    /// For both.
    pub all: Option<String>,
    /// Hosts that are reached directly.
    pub no_proxy: Option<String>,
}

impl std::fmt::Debug for ProxyVariables {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ProxyVariables").field("no_proxy", &self.no_proxy).finish_non_exhaustive()
    }
}

impl ProxyVariables {
    /// Reads the variables, in upper or lower case. One that is set to nothing counts as unset:
    /// it hides no other.
    pub fn read<'a>(variable: impl Fn(&str) -> Option<&'a str>) -> Self {
        let either = |name: &str| {
            let lower = name.to_lowercase();
            let found = variable(name).filter(|value| !value.trim().is_empty());
            let found = found.or_else(|| variable(&lower));
            found.map(str::trim).filter(|value| !value.is_empty()).map(str::to_owned)
        };
        Self {
            https: either("HTTPS_PROXY"),
            http: either("HTTP_PROXY"),
            all: either("ALL_PROXY"),
            no_proxy: either("NO_PROXY"),
        }
    }

    /// Whether no proxy is named.
    pub fn is_empty(&self) -> bool {
        self.https.is_none() && self.http.is_none() && self.all.is_none()
    }

    fn apply(
        &self,
        port: Option<u16>,
        mut builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, ApiError> {
        let direct = self.no_proxy.as_deref().map(|list| direct_hosts(list, port));
        let except = || direct.as_deref().and_then(reqwest::NoProxy::from_string);
        let named = [
            ("HTTPS_PROXY", self.https.as_ref().map(reqwest::Proxy::https)),
            ("HTTP_PROXY", self.http.as_ref().map(reqwest::Proxy::http)),
            ("ALL_PROXY", self.all.as_ref().map(reqwest::Proxy::all)),
        ];
        for (name, proxy) in named {
            match proxy {
                Some(Ok(proxy)) => builder = builder.proxy(proxy.no_proxy(except())),
                // The address itself may hold a password.
                Some(Err(_)) => {
                    return Err(ApiError::Setup(format!(
                        "{name} is not an address: write for example `http://proxy:3128`"
                    )));
                }
                None => {}
            }
        }
        Ok(builder)
    }
}

/// The entries of `NO_PROXY` as the HTTP library reads them, which knows neither `*.example.com` nor
/// `host:port`. `port`: the one that the client asks; an entry for another one does not count.
fn direct_hosts(list: &str, port: Option<u16>) -> String {
    let entry = |entry: &str| {
        let entry = entry.trim();
        let entry = match entry.strip_prefix("*.") {
            Some(domain) => format!(".{domain}"),
            None => entry.to_owned(),
        };
        let address = |host: &str| host.trim_matches(['[', ']']).to_owned();
        match entry.rsplit_once(':') {
            // An IPv6 address without brackets has no port.
            Some((host, _)) if host.contains(':') && !host.ends_with(']') => Some(address(&entry)),
            Some((host, of)) if !entry.ends_with(']') => match of.parse::<u16>() {
                Ok(of) => (port == Some(of)).then(|| address(host)),
                Err(_) => Some(entry),
            },
            _ => Some(address(&entry)),
        }
    };
    list.split([',', ' ']).filter_map(entry).collect::<Vec<_>>().join(",")
}

impl Options {
    /// Sets a client up with proxies and certificates, for one that asks this address alone.
    ///
    /// # Errors
    ///
    /// When a proxy's address or a certificate cannot be read.
    pub(crate) fn apply(
        &self,
        url: &reqwest::Url,
        mut builder: reqwest::ClientBuilder,
    ) -> Result<reqwest::ClientBuilder, ApiError> {
        let plain = url.scheme() == "http";
        builder = match &self.proxies {
            Proxies::None => builder.no_proxy(),
            Proxies::System => builder,
            Proxies::Given(given) => {
                given.apply(url.port_or_known_default(), builder.no_proxy())?
            }
        };
        if let Some(pem) = &self.authorities {
            let refuse = |why: &str| ApiError::Setup(format!("the file of --ca-file {why}"));
            let certificates = reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|_| refuse("contains a certificate that cannot be read"))?;
            if certificates.is_empty() {
                return Err(refuse("contains no certificate: it must be in PEM form"));
            }
            return Ok(builder.tls_certs_merge(certificates));
        }
        if plain && !self.proxies.may_need_tls() {
            // Reading the system's certificates costs milliseconds and fails where there are none;
            // a plain connection needs none.
            return Ok(builder.tls_certs_only([]));
        }
        Ok(builder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &'static [(&'static str, &'static str)]) -> ProxyVariables {
        ProxyVariables::read(|name| {
            pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value)
        })
    }

    #[test]
    fn an_empty_variable_hides_no_other() {
        let proxies =
            read(&[("HTTPS_PROXY", ""), ("https_proxy", "http://a:1"), ("ALL_PROXY", " ")]);
        assert_eq!(proxies.https.as_deref(), Some("http://a:1"));
        assert_eq!(proxies.all, None);
        assert!(read(&[("HTTP_PROXY", ""), ("NO_PROXY", "x")]).is_empty());
    }

    #[test]
    fn the_entries_of_no_proxy_may_have_a_star_or_a_port() {
        for (list, hosts) in [
            ("*.example.test", ".example.test"),
            ("example.test:443", "example.test"),
            ("*.example.test:443, b.test:8080", ".example.test"),
            ("10.0.0.0/8,10.1.2.3:443", "10.0.0.0/8,10.1.2.3"),
            ("::1,[::2],[::3]:443,[::4]:80", "::1,::2,::3"),
            ("a.test b.test,,*", "a.test,b.test,*"),
        ] {
            let read = direct_hosts(list, Some(443));
            let read: Vec<&str> = read.split(',').filter(|host| !host.is_empty()).collect();
            assert_eq!(read.join(","), hosts, "{list}");
        }
    }

    #[test]
    fn a_password_in_a_proxys_address_is_not_shown() {
        let proxies = read(&[("HTTPS_PROXY", "http://me:secret@a:1")]);
        assert!(!format!("{proxies:?}").contains("secret"));
        let bad = read(&[("HTTPS_PROXY", "http://me:secret@:x:1")]);
        let error = bad.apply(None, reqwest::Client::builder()).unwrap_err().to_string();
        assert!(error.contains("HTTPS_PROXY") && !error.contains("secret"), "{error}");
    }
}
