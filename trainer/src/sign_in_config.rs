//! What the environment says about signing in through others.

use std::{env, fs};

use anyhow::{Context, bail, ensure};
use auth::{ClientCredentials, Providers};
use clap::Args;

/// Through whom people can sign in besides. A provider is there when it has a client id. Its secret is in a variable, or in
/// a file that a variable named `…_CLIENT_SECRET_FILE` names.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Signing in through others")]
pub(crate) struct SignInConfig {
    /// Addresses that a browser may be sent on to after a provider, with commas between them.
    #[arg(long, env = "TRAINER_SIGN_IN_REDIRECTS", value_delimiter = ',')]
    pub(crate) sign_in_redirects: Vec<String>,
    /// The client id that Google has given.
    #[arg(long, env = "TRAINER_GOOGLE_CLIENT_ID")]
    pub(crate) google_client_id: Option<String>,
    /// The secret with it.
    #[arg(long, env = "TRAINER_GOOGLE_CLIENT_SECRET", hide_env_values = true)]
    pub(crate) google_client_secret: Option<String>,
    /// The client id that Strava has given.
    #[arg(long, env = "TRAINER_STRAVA_CLIENT_ID")]
    pub(crate) strava_client_id: Option<String>,
    /// The secret with it.
    #[arg(long, env = "TRAINER_STRAVA_CLIENT_SECRET", hide_env_values = true)]
    pub(crate) strava_client_secret: Option<String>,
    /// What another OpenID Connect provider is called in paths.
    #[arg(long, env = "TRAINER_OIDC_NAME", default_value = "oidc")]
    pub(crate) oidc_name: String,
    /// Where it is: its issuer, to the letter.
    #[arg(long, env = "TRAINER_OIDC_ISSUER")]
    pub(crate) oidc_issuer: Option<String>,
    /// The client id that it has given.
    #[arg(long, env = "TRAINER_OIDC_CLIENT_ID")]
    pub(crate) oidc_client_id: Option<String>,
    /// The secret with it.
    #[arg(long, env = "TRAINER_OIDC_CLIENT_SECRET", hide_env_values = true)]
    pub(crate) oidc_client_secret: Option<String>,
    /// More of them, by their names in paths, with commas between them. Each has variables of its own: for my-club
    /// TRAINER_OIDC_MY_CLUB_ISSUER, …_CLIENT_ID, …_CLIENT_SECRET or …_CLIENT_SECRET_FILE, and …_TITLE for people.
    #[arg(long, env = "TRAINER_OIDC_PROVIDERS", value_delimiter = ',')]
    pub(crate) oidc_providers: Vec<String>,
}

impl SignInConfig {
    /// The providers, from which browsers come back to the public address.
    ///
    /// # Errors
    /// When something of one of them, or the address, is missing or wrong.
    pub(crate) fn providers(&self, public_url: Option<&str>) -> anyhow::Result<Providers> {
        let google = client("GOOGLE", &self.google_client_id, &self.google_client_secret)?;
        let strava = client("STRAVA", &self.strava_client_id, &self.strava_client_secret)?;
        let oidc = client("OIDC", &self.oidc_client_id, &self.oidc_client_secret)?;
        let more = self.oidc_providers.iter().map(|name| name.trim());
        let more: Vec<_> = more.filter(|name| !name.is_empty()).collect();
        if google.is_none() && strava.is_none() && oidc.is_none() && more.is_empty() {
            return Ok(Providers::default());
        }
        let public_url =
            public_url.context("to sign in through others, set TRAINER_PUBLIC_URL, too")?;
        let redirects: Vec<_> =
            self.sign_in_redirects.iter().filter(|url| !url.is_empty()).cloned().collect();
        let mut providers = Providers::at(public_url, &redirects)?;
        if let Some(client) = google {
            let (name, title, issuer) = Providers::GOOGLE;
            providers = providers.with_open_id(name, title, issuer, client)?;
        }
        if let Some(client) = strava {
            providers = providers.with_strava(Providers::STRAVA, client)?;
        }
        if let Some(client) = oidc {
            let issuer = self.oidc_issuer.as_deref().filter(|issuer| !issuer.is_empty());
            let issuer =
                issuer.context("with TRAINER_OIDC_CLIENT_ID, set TRAINER_OIDC_ISSUER, too")?;
            let title = variable("OIDC_TITLE").unwrap_or_else(|| self.oidc_name.clone());
            providers = providers.with_open_id(&self.oidc_name, &title, issuer, client)?;
        }
        for name in more {
            providers = one_more(providers, name)?;
        }
        Ok(providers)
    }
}

/// Adds a provider of the list, with what its own variables say.
fn one_more(providers: Providers, name: &str) -> anyhow::Result<Providers> {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    ensure!(
        name.bytes().all(is_word),
        "TRAINER_OIDC_PROVIDERS: {name} cannot be a provider's name: take lower-case letters, digits and hyphens"
    );
    let prefix = format!("OIDC_{}", name.to_uppercase().replace('-', "_"));
    let of = |what: &str| variable(&format!("{prefix}_{what}"));
    let client = client(&prefix, &of("CLIENT_ID"), &of("CLIENT_SECRET"))?;
    let client = client.with_context(|| format!("set TRAINER_{prefix}_CLIENT_ID for {name}"))?;
    let issuer = of("ISSUER").with_context(|| format!("set TRAINER_{prefix}_ISSUER for {name}"))?;
    let title = of("TITLE").unwrap_or_else(|| name.to_owned());
    Ok(providers.with_open_id(name, &title, &issuer, client)?)
}

/// What a provider has given, both or neither; what is set to nothing is not set.
fn client(
    provider: &str,
    id: &Option<String>,
    secret: &Option<String>,
) -> anyhow::Result<Option<ClientCredentials>> {
    let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let file = variable(&format!("{provider}_CLIENT_SECRET_FILE"));
    let secret = match (given(secret), file) {
        (Some(_), Some(_)) => bail!(
            "set TRAINER_{provider}_CLIENT_SECRET or TRAINER_{provider}_CLIENT_SECRET_FILE, not both"
        ),
        (None, Some(file)) => {
            let secret = fs::read_to_string(&file)
                .with_context(|| format!("TRAINER_{provider}_CLIENT_SECRET_FILE: {file}"))?;
            let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
            ensure!(!secret.is_empty(), "TRAINER_{provider}_CLIENT_SECRET_FILE: {file} is empty");
            Some(secret)
        }
        (secret, None) => secret,
    };
    match (given(id), secret) {
        (Some(id), Some(secret)) => Ok(Some(ClientCredentials { id, secret: secret.into() })),
        (None, None) => Ok(None),
        (Some(_), None) | (None, Some(_)) => bail!(
            "set TRAINER_{provider}_CLIENT_ID and TRAINER_{provider}_CLIENT_SECRET, or neither"
        ),
    }
}

/// A variable whose name is not known beforehand. What is set to nothing is not set.
fn variable(name: &str) -> Option<String> {
    env::var(format!("TRAINER_{name}")).ok().filter(|value| !value.is_empty())
}
