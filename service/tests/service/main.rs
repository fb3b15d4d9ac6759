//! What every service of the house shares: requests, answers, tokens, health, and the server itself.

mod access_log;
mod acting;
mod answers;
mod asking;
mod headers_and_queries;
mod health;
mod json_bodies;
mod overload;
mod serving;
mod slow_readers;
mod tls_and_http2;
mod tokens;
mod waiting;
