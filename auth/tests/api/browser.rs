//! A browser, as far as it matters here: cookies, redirects and forms.

use std::collections::BTreeMap;

use axum::body::Bytes;
use axum::http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use url::Url;
use url::form_urlencoded;

use crate::app::{Answer, App};

/// What a person sees with, and their cookies. Those of the app and those of a provider are kept apart.
pub(crate) struct Browser {
    http: Client<HttpConnector, Full<Bytes>>,
    /// By name and path.
    cookies: BTreeMap<(String, String), String>,
    pub(crate) cookie_of_app: Option<String>,
}

impl Browser {
    pub(crate) fn new() -> Self {
        let http = Client::builder(TokioExecutor::new()).build_http();
        Self { http, cookies: BTreeMap::new(), cookie_of_app: None }
    }

    /// Leaves the app for a provider; where to.
    pub(crate) async fn leave(&mut self, app: &App, path: &str) -> Url {
        let answer = app.get(path, &[]).await;
        assert_eq!(answer.status, 303, "{}", answer.body);
        assert_eq!(answer.header("cache-control"), Some("no-store"));
        self.keep_cookie_of_app(&answer);
        answer.header("location").unwrap().parse().unwrap()
    }

    /// Leaves the app for a provider to link an account; where to.
    pub(crate) async fn leave_to_link(&mut self, app: &App, path: &str, pair: &Value) -> Url {
        let answer = app.ask(Method::POST, path, pair, serde_json::json!({})).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        self.keep_cookie_of_app(&answer);
        answer.body["authorization_url"].as_str().unwrap().parse().unwrap()
    }

    fn keep_cookie_of_app(&mut self, answer: &Answer) {
        let cookie = answer.header("set-cookie").unwrap();
        assert!(cookie.contains("; HttpOnly; SameSite=Lax"), "{cookie}");
        self.cookie_of_app = Some(cookie.split(';').next().unwrap().to_owned());
    }

    /// Goes to the app's callback, or wherever else of it.
    pub(crate) async fn visit_app(&self, app: &App, url: &Url) -> Answer {
        let path = format!("{}?{}", url.path(), url.query().unwrap_or_default());
        match &self.cookie_of_app {
            Some(cookie) => app.get(&path, &[("cookie", cookie)]).await,
            None => app.get(&path, &[]).await,
        }
    }

    /// Signs in at a provider with its own pages, until it sends the browser back; where to.
    pub(crate) async fn sign_in(&mut self, at: Url, login: &str, back_to: &str) -> Url {
        let mut url = at;
        for _ in 0..20 {
            if url.as_str().starts_with(back_to) {
                return url;
            }
            let (status, headers, page) = self.ask(Method::GET, &url, String::new()).await;
            if status.is_redirection() {
                url = url.join(headers[header::LOCATION].to_str().unwrap()).unwrap();
                continue;
            }
            assert_eq!(status, StatusCode::OK, "{url}: {page}");
            let action = between(&page, "action=\"", "\"");
            let prompt = between(&page, "name=\"prompt\" value=\"", "\"");
            let mut form = form_urlencoded::Serializer::new(String::new());
            form.append_pair("prompt", prompt);
            if prompt == "login" {
                form.append_pair("login", login).append_pair("password", "any");
            }
            let action = url.join(action).unwrap();
            let (status, headers, page) = self.ask(Method::POST, &action, form.finish()).await;
            assert!(status.is_redirection(), "{action}: {page}");
            url = action.join(headers[header::LOCATION].to_str().unwrap()).unwrap();
        }
        panic!("the provider does not come to an end");
    }

    async fn ask(
        &mut self,
        method: Method,
        url: &Url,
        form: String,
    ) -> (StatusCode, HeaderMap, String) {
        let of_here = self.cookies.iter().filter(|((_, path), _)| url.path().starts_with(path));
        let cookies: Vec<_> = of_here.map(|((name, _), value)| format!("{name}={value}")).collect();
        let request = Request::builder()
            .method(method)
            .uri(url.as_str())
            .header("content-type", "application/x-www-form-urlencoded")
            .header("cookie", cookies.join("; "));
        let request = request.body(Full::from(form)).unwrap();
        let (parts, body) = self.http.request(request).await.unwrap().into_parts();
        for line in parts.headers.get_all(header::SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            let path = line.split("; ").find_map(|part| part.strip_prefix("path="));
            let key = (name.to_owned(), path.unwrap_or("/").to_owned());
            if value.is_empty() {
                self.cookies.remove(&key);
            } else {
                self.cookies.insert(key, value.to_owned());
            }
        }
        let body = body.collect().await.unwrap().to_bytes();
        (parts.status, parts.headers, String::from_utf8_lossy(&body).into_owned())
    }
}

fn between<'a>(text: &'a str, before: &str, after: &str) -> &'a str {
    let (_, rest) = text.split_once(before).unwrap_or_else(|| panic!("no {before}: {text}"));
    rest.split_once(after).unwrap().0
}

/// What a URL says under a name, behind `?` or behind `#`.
pub(crate) fn said(text: &str, name: &str) -> Option<String> {
    form_urlencoded::parse(text.as_bytes())
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}
